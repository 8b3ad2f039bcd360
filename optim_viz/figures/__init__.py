"""Results -> plotly figures and tables: pure functions that know no page.

style, ticks             what all charts share; the round numbers of logarithmic axes
comparison               Comparison.figure(): an animated figure for notebooks
notebook                 how it shows itself there
maps, basins             a sweep over two axes; which minimum every start reaches
stress_map               every optimizer on every surface: places and what is left
rate_curves              final loss against learning rate
good_region              the points around the best that are nearly as good
region_words             how wide they are, in words
training, training_cost  curves, layers; what a target loss costs
readings, results_table  confusion and misread digits; how trainings ended
matrix_task              the matrix task: loss, and singular values of the error
segment, sharpness       loss between two ends; the largest eigenvalue and the edge of stability
plane, plane_gauges      a plane of weights without its player; how far to trust it
tuning                   what ov.tune tried
"""
