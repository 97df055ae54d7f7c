"""Rules about places where data is kept on its way: task queues, caches, files."""
