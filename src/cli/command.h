/* SPDX-License-Identifier: MPL-2.0 */
/*
 * command: the commands of cab, one row each; command_NAME.c has its function.
 *
 * A function returns false with *err filled; main prints it and chooses the exit status (2 usage, 130 cancelled, else 1). One that has
 * told its failure itself (diagnostics) returns true with a status of its own.
 */
#pragma once

#include "cli/option.h"

extern const struct command commands[];
extern const size_t command_count;

bool command_build(const struct options *options, int *status_out, struct err *err);
bool command_eval(const struct options *options, int *status_out, struct err *err);
bool command_show(const struct options *options, int *status_out, struct err *err);
bool command_update(const struct options *options, int *status_out, struct err *err);
bool command_account(const struct options *options, int *status_out, struct err *err);
bool command_check(const struct options *options, int *status_out, struct err *err);
bool command_log(const struct options *options, int *status_out, struct err *err);
bool command_config(const struct options *options, int *status_out, struct err *err);
bool command_store_ls(const struct options *options, int *status_out, struct err *err);
bool command_store_cat(const struct options *options, int *status_out, struct err *err);
bool command_store_info(const struct options *options, int *status_out, struct err *err);
bool command_store_delete(const struct options *options, int *status_out, struct err *err);
bool command_store_gc(const struct options *options, int *status_out, struct err *err);
bool command_store_verify(const struct options *options, int *status_out, struct err *err);
bool command_cache_push(const struct options *options, int *status_out, struct err *err);
bool command_island_show(const struct options *options, int *status_out, struct err *err);
bool command_island_fetch(const struct options *options, int *status_out, struct err *err);
bool command_island_conform(const struct options *options, int *status_out, struct err *err);
bool command_island_versions(const struct options *options, int *status_out, struct err *err);
bool command_island_cat(const struct options *options, int *status_out, struct err *err);
bool command_island_list(const struct options *options, int *status_out, struct err *err);
