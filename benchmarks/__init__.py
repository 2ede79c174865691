"""What is measured, and against what; figures and how they were had are in docs/performance.md."""
