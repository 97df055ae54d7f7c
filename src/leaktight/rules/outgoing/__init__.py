"""Rules about connections the site opens itself: to partners, mail servers, databases and brokers."""
