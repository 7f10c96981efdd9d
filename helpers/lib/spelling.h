/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was probably meant by a word that nobody knows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * How many characters have to be added, left out, replaced or swapped with their neighbour to make
 * one word of the other, without regard to case (optimal string alignment). Of words longer than 63
 * bytes only the beginning counts.
 */
unsigned spelling_distance(const char *a, const char *b);

/* Whether KNOWN is near enough to WORD to be offered: within 1, and one more for each 4 characters.
 */
bool spelling_is_near(const char *word, const char *known);
