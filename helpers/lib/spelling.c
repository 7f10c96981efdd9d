/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was probably meant by a word that nobody knows. */
#include "spelling.h"

#include <ctype.h>
#include <string.h>

#define SPELLING_MAX 64

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int fold(char c)
{
	return tolower((unsigned char)c);
}

unsigned spelling_distance(const char *a, const char *b)
{
	/* row[i % 3][j]: the distance of the first i characters of a to the first j of b. */
	unsigned row[3][SPELLING_MAX];
	size_t a_length = strnlen(a, SPELLING_MAX - 1), b_length = strnlen(b, SPELLING_MAX - 1);

	for (size_t j = 0; j <= b_length; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *now = row[i % 3];
		const unsigned *before = row[(i - 1) % 3], *earlier = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return row[a_length % 3][b_length];
}

bool spelling_is_near(const char *word, const char *known)
{
	return spelling_distance(word, known) <= 1 + strlen(known) / 4;
}
