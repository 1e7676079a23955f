/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/command.h"

enum {
	ENTRY = OPTION_ENTRY | OPTION_LOCK | OPTION_REALIZE,
	MANY = 1 << 16,
};

const struct command commands[] = {
	{"build", "[FILE[#NAME.PATH]] [ISLAND …]",
		"build what an entry file describes (default.cab)", ENTRY | OPTION_BUILD, 0, MANY,
		command_build},
	{"eval", "[FILE[#NAME.PATH]]", "evaluate, and print the value", ENTRY | OPTION_EVAL, 0, 1,
		command_eval},
	{"show", "[FILE[#NAME.PATH] | ISLAND]", "print a derivation as JSON", ENTRY | OPTION_SHOW,
		0, 1, command_show},
	{"update", "[FILE[#NAME.PATH]] [ISLAND …]",
		"ask again for islands and write the lock, without building", ENTRY | OPTION_UPDATE,
		0, MANY, command_update},
	{"check", "[FILE]", "say whether the pairs of the lock are proved (--lock)",
		OPTION_REALIZE | OPTION_CHECK, 0, 1, command_check},
	{"account", "", "say what the last run that asked for a source did, and why",
		OPTION_ACCOUNT, 0, 0, command_account},
	{"log", "[FILE[#NAME.PATH] | PATH]", "print the log of a build", ENTRY, 0, 1, command_log},
	{"config", "[NAME.PATH]", "print the configuration, and whence each value came", 0, 0, 1,
		command_config},
	{"store ls", "[PATH]", "list the store's objects, or the entries of one", 0, 0, 1,
		command_store_ls},
	{"store cat", "PATH", "print a file of an object", OPTION_CAT, 1, 1, command_store_cat},
	{"store info", "PATH …", "print hash, size and references of objects", 0, 1, MANY,
		command_store_info},
	{"store delete", "PATH …", "take objects away that no result and no running build needs", 0,
		1, MANY, command_store_delete},
	{"store gc", "", "take away what nothing needs", OPTION_GC, 0, 0, command_store_gc},
	{"store verify", "[PATH …]", "hash objects again, and say which differ", 0, 0, MANY,
		command_store_verify},
	{"cache push", "FOLDER [FILE[#NAME.PATH] | PATH]",
		"send a result with all it needs to a cache", ENTRY, 1, 2, command_cache_push},
	{"island show", "ISLAND", "print what an island means: scheme, origins, identities, lock",
		ENTRY, 1, 1, command_island_show},
	{"island fetch", "ISLAND", "fetch an island, and print its path and identities", ENTRY, 1,
		1, command_island_fetch},
	{"island conform", "MODULE SCENARIO",
		"try whether a module keeps the rules of a fetcher, a line a check", 0, 2, 2,
		command_island_conform},
	{"island versions", "ISLAND", "list the versions of a package, or the tags of a repository",
		ENTRY, 1, 1, command_island_versions},
	{"island cat", "ISLAND PATH …", "print files of an island, without fetching the rest of it",
		ENTRY | OPTION_CAT, 2, MANY, command_island_cat},
	{"island ls", "ISLAND [PATH]", "list a folder of an island", ENTRY, 1, 2,
		command_island_list},
};

const size_t command_count = sizeof commands / sizeof *commands;
