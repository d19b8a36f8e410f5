"""The course: its lessons, how far a learner has come, and copies of the lessons for one's own folder."""
