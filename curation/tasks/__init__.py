"""What people are asked: the task, its labels, and the limits of both."""
