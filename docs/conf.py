"""Sphinx's configuration of the site. `make site` copies this folder to build/site-source and adds generated pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # site_hooks, copied beside this file

import nala_lab

project = "nala_lab"
author = "nala_lab contributors"
copyright = "nala_lab contributors, MIT licence"
version = release = nala_lab.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "site_hooks",
]
nb_execution_mode = "off"  # the committed outputs are shown; `make site` has checked that they are those of the .py
nb_render_markdown_format = "myst"  # with tables and formulas
nb_render_image_options = {"alt": "A figure; it is said in words below."}
myst_enable_extensions = ["amsmath", "dollarmath", "attrs_inline"]
myst_dmath_double_inline = True  # a displayed formula may follow a line of words
myst_heading_anchors = 3
myst_links_external_new_tab = False

autosummary_generate = False  # tools/doors/api.py writes a page for every public name, constants included
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the shapes and units are in the text
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_custom_sections = ["Fields"]  # what site_hooks makes of Attributes
napoleon_use_rtype = False
napoleon_attr_annotations = False
default_role = "code"
smartquotes = False  # x' is a transpose
highlight_language = "none"
add_module_names = False
nitpicky = False

mathjax_path = "mathjax/tex-chtml-full.js"  # a copy in _static: nothing is asked of another server
html_theme = "pydata_sphinx_theme"
html_title = f"nala_lab {release}"
html_static_path = ["_static"]
html_css_files = ["lab.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "primary_sidebar_end": [],  # the theme's place for an advertisement
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
    "show_nav_level": 1,
    "footer_start": ["copyright"],
    "footer_end": [],
    "navbar_align": "left",
    "show_toc_level": 2,
}
ALONE = ("index", "questions", "gallery")
html_sidebars = {"api/*": ["api_margin.html"]} | {page: [] for page in ALONE}  # pages without others below them
templates_path = ["_templates"]
