"""What is asked for, as a value: links, files, cost, fairness, and the waiting line.

presets                  experiments worth watching
links, openings          an experiment as a link and back; what pages open with, and the links that they write
files                    an experiment as a file and back
turned                   what was turned by hand in the browser
fairness, fair_matrix    whose learning rates a comparison is run with; the same on the matrix task
study, study_views       what the Tune page is asked for, and its views, one row each
study_links, study_runs  a study as a link and back; what runs it
singles_cost             what runs cost that go one after the other, timed before they start
sharpness_runs           what measures the sharpness of a training
stress_file, stress_links  the stored stress test; its page as a link and back
budgets                  what one page may ask for
jobs, memory             the waiting line, and the memory that what it keeps takes
"""
