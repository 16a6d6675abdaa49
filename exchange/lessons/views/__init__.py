"""What a browser asks of lessons: the hello, and agreeing on a lesson."""
