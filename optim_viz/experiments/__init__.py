"""What is asked for, as a value: links, files, cost, fairness, and the waiting line.

presets                  experiments worth watching
links                    an experiment as a link and back
files                    an experiment as a file and back
fairness                 whose learning rates a comparison is run with
study, study_links       what the Tune page is asked for, and its link
study_runs               what runs a study
budgets                  what one page may ask for
jobs                     the waiting line
"""
