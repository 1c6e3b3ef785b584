// SPDX-License-Identifier: GPL-2.0-only
/* Names, ids, likeness. */
#include <errno.h>
#include <stdint.h>

#include "compiler.h"
#include "name.h"
#include "tap.h"
#include "tty.h"

static void test_names(void)
{
	static const char *const good[] = { "a", "Z", "web", "web-1.example_x", "a0" };
	static const char *const bad[] = {
		"", "0", "1web", "-web", ".web", "_web", "a/b", "/", "../x", "a b",
		"a\tb", "a\n", "w\xc3\xa9", "a*", "a:b", "a=b",
	};
	char name[128], what[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(what, sizeof(what), "name '%s' is good", good[i]);
		ok(!name_error(good[i]), what);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(what, sizeof(what), "bad name %zu is refused", i);
		ok(name_error(bad[i]), what);
	}
	memset(name, 'x', sizeof(name));
	name[63] = '\0';
	ok(!name_error(name), "a name of 63 characters");
	name[63] = 'x';
	name[64] = '\0';
	ok(name_error(name), "a name of 64 characters is refused");
	ok(strstr(name_error("a/b"), "slash"), "a slash is named");
}

static void test_ids(void)
{
	uint32_t id = 99;

	ok(!parse_id("0", &id) && id == 0, "id 0");
	ok(!parse_id("17", &id) && id == 17, "id 17");
	ok(!parse_id("2147483647", &id) && id == 2147483647, "the largest id");
	ok(parse_id("2147483648", &id) == -ERANGE, "an id that is too large");
	ok(parse_id("99999999999999999999999999", &id) == -ERANGE, "a huge number");
	ok(parse_id("", &id) == -EINVAL, "no id");
	ok(parse_id("-1", &id) == -EINVAL, "a negative id");
	ok(parse_id("1a", &id) == -EINVAL, "1a");
	ok(parse_id(" 1", &id) == -EINVAL, "a blank before an id");
}

static void test_suggest(void)
{
	static const char *const words[] = { "list", "create", "destroy", "run", "wait" };

	ok(suggest("lsit", words, 5) == 0, "lsit: list");
	ok(suggest("crate", words, 5) == 1, "crate: create");
	ok(suggest("destory", words, 5) == 2, "destory: destroy");
	ok(suggest("rn", words, 5) == 3, "rn: run");
	ok(suggest("xyzzy", words, 5) == -1, "xyzzy: nothing");
	ok(suggest("", words, 5) == -1, "nothing: nothing");
	ok(suggest("a very long word that nobody would ever type as a verb", words, 5) == -1,
	   "a long word: nothing");
}

static void test_escape(void)
{
	char text[8];

	ok(parse_escape("^]") == 0x1d, "^]");
	ok(parse_escape("^a") == 1 && parse_escape("^A") == 1, "^a");
	ok(parse_escape("^@") == 0, "^@");
	ok(parse_escape("^?") == 0x7f, "^?");
	ok(parse_escape("~") == '~', "~");
	ok(parse_escape("^") == '^', "^");
	ok(parse_escape("none") == TTY_ESCAPE_NONE, "none");
	ok(parse_escape("") == -2 && parse_escape("ab") == -2 && parse_escape("^1") == -2 &&
	   parse_escape("^]]") == -2, "what is no key");
	same(escape_name(0x1d, text), "^]", "the name of ^]");
	same(escape_name('~', text), "~", "the name of ~");
}

int main(void)
{
	test_names();
	test_ids();
	test_suggest();
	test_escape();
	return tap_done();
}
