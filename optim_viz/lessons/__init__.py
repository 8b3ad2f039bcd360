"""Claims about optimizers, the experiments behind them, and the verdicts measured from them.

lesson              what a lesson is made of
table, rows_*       the LESSONS table
measures            what verdicts are measured by
step_measures       what they are measured by on the single steps of a run
clip_measures       what they are measured by on gradients that are clipped
predictions         the PREDICTIONS table: what may be guessed before a picture plays
altered_optimizers  optimizers with a fault or without a part, to show what it does
results             a lesson's runs and its verdict
stored              files of what was computed beforehand
store               the trainings behind lessons, computed beforehand
matrix_store        the matrix tasks behind lessons, computed beforehand
own_runs            the runs of altered_optimizers, computed beforehand
links               a lesson as a link and back
pictures            a result as the player's scene, and the words beside it
told                a lesson as plain data, pictures and verdict included
"""
