"""Results -> scenes: what the player in js/ plays, as plain data and arrays of float32.

scenes           a comparison as a scene
network_scenes, recording_scenes, matrix_scenes   a training as a scene; recordings; the matrix task
programs, live   rules, schedules and surfaces as operations in JSON; what the browser computes runs from
fields           what the browser computes a map or basins from
fits             the data of a surface that has them, and what draws a model over them
profiles         a loss that depends on x alone, as a curve over x
cards            the columns and words of the inspector
standalone       the player with its scene in one HTML file
bundle, assets   the player's modules as one file; its files where a server can hand them out
js/basics        numbers and colours as text, the page's elements, clock, theme
js/numbers       scenes, paths, ranges: what is drawn, as numbers
js/engine        programs as WebAssembly: runs, maps, basins, draws and verdicts as Python gives them
js/plots         contour, 3-D surface, curves, plane, data, a loss of one weight
js/words         legend, readout, inspector, controls
js/app           the player as a whole, in Streamlit, in a page, on film
"""
