"""What holds for every test, the notebooks' cells included."""

pytest_plugins = [
    "pytester",
    "tests.plugins.nothing_skipped",
    "tests.plugins.notebook_guards",
    "tests.plugins.apart",
    "tests.plugins.replayed",
    "tests.plugins.workers",
]
