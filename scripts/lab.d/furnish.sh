# Fills a machine with what a used server has.
# shellcheck shell=bash
furnish() { :; }
