"""Results -> files and pages.

table                            the EXPORTS table and ov.save
drawing, panels                  a scene drawn by Matplotlib: what moves, and what stands still
images                           that as PNG, GIF and SVG
notebook                         results that show themselves in a notebook
origin                           the link that a picture carries
descent_script, network_script, matrix_script   an experiment as a PyTorch script
script_parts                     what scripts are made of
study_table, study_pictures      a study's files and pictures
figure_page, live_fields         figures on a page of their own; what a map or basins on it are computed from
site, site_data, site_tune       a folder of pages that needs no server, and what they fetch
"""
