"""Files that people send, judged by what is in them and not by what they are called. Plain Python."""
