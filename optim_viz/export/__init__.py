"""Results -> files and pages.

table                            the EXPORTS table and ov.save
picture, lines, raster, svg      a still or moving picture: layout, PNG and GIF, SVG
descent_script, network_script   an experiment as a PyTorch script
script_parts                     what scripts are made of
study_table, study_pictures      a study's files and pictures
figure_page                      figures on a page of their own
"""
