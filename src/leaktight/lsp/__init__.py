"""The editor face: a language server that tells findings while code is written."""
