"""Labels travelling through code: abstract values, function summaries, library knowledge."""
