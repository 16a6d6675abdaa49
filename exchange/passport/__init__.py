"""What two people say of a lesson they had, and a person's collection of it. Thanked, never scored."""
