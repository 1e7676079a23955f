/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>
#include <utf8proc.h>

#include "lang/token.h"

/* Exceptions to the categories, from Unicode 15's PropList.txt (Other_ID_Start, Other_ID_Continue,
 * Pattern_Syntax) and DerivedCoreProperties.txt (ID_Start without XID_Start, likewise Continue). */
struct range {
	uint32_t first;
	uint32_t last;
};

static const struct range start_more[] = {{0x1885, 0x1886}, {0x2118, 0x2118}, {0x212e, 0x212e}};
static const struct range start_less[] = {{0x037a, 0x037a}, {0x0e33, 0x0e33}, {0x0eb3, 0x0eb3},
	{0x2e2f, 0x2e2f}, {0xfc5e, 0xfc63}, {0xfdfa, 0xfdfb}, {0xfe70, 0xfe70}, {0xfe72, 0xfe72},
	{0xfe74, 0xfe74}, {0xfe76, 0xfe76}, {0xfe78, 0xfe78}, {0xfe7a, 0xfe7a}, {0xfe7c, 0xfe7c},
	{0xfe7e, 0xfe7e}, {0xff9e, 0xff9f}};
static const struct range continue_more[] = {
	{0x00b7, 0x00b7}, {0x0387, 0x0387}, {0x1369, 0x1371}, {0x19da, 0x19da}};
/* Of start_less these may continue a name all the same. */
static const struct range continue_again[] = {{0x0e33, 0x0e33}, {0x0eb3, 0x0eb3}, {0xff9e, 0xff9f}};

#define is_in(point, table) range_has((table), sizeof(table) / sizeof *(table), (point))

static bool
range_has(const struct range *table, size_t count, uint32_t point)
{
	for (size_t at = 0; at < count; at++)
		if (point >= table[at].first && point <= table[at].last)
			return true;
	return false;
}

static bool
is_ascii_letter(uint32_t point)
{
	return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
}

bool
token_starts_name(uint32_t point)
{
	if (point < 0x80)
		return is_ascii_letter(point) || point == '_';
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
	bool letter = (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
		      category == UTF8PROC_CATEGORY_NL;
	return (letter || is_in(point, start_more)) && !is_in(point, start_less);
}

bool
token_continues_name(uint32_t point)
{
	if (point < 0x80)
		return token_starts_name(point) || (point >= '0' && point <= '9');
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
	bool more = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
		    category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_PC;
	return more || token_starts_name(point) || is_in(point, continue_more) ||
	       is_in(point, continue_again);
}

bool
token_is_bidi(uint32_t point)
{
	return point == 0x061c || point == 0x200e || point == 0x200f ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

bool
token_is_name(struct bytes text)
{
	static const char *const keywords[] = {"if", "then", "else", "or"};
	for (size_t at = 0; at < sizeof keywords / sizeof *keywords; at++)
		if (bytes_equal_text(text, keywords[at]))
			return false;
	uint32_t point = 0;
	size_t size = source_decode(text, &point);
	if (!size || !token_starts_name(point))
		return false;
	while ((text = bytes_from(text, size)).size) {
		size = source_decode(text, &point);
		if (!size || (!token_continues_name(point) && point != '-' && point != '\''))
			return false;
	}
	return true;
}

const char *
token_describe(enum token_kind kind)
{
	static const char *const texts[] = {
#define TOKEN(name, text) text,
#include "lang/token_list.h"
#undef TOKEN
	};
	return texts[kind];
}
