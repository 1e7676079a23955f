/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/program.h"

#include "guest/abi.h"

bool
program_classify(struct bytes head, enum program_kind *out, struct err *err)
{
	if (bytes_has_prefix(head, BYTES_LITERAL("\0asm")))
		*out = PROGRAM_WASM;
	else if (bytes_has_prefix(head, BYTES_LITERAL("\x7f"
						      "ELF")))
		*out = PROGRAM_ELF;
	else if (bytes_has_prefix(head, BYTES_LITERAL("#!")))
		*out = PROGRAM_SCRIPT;
	else
		return err_set(err, ERR_REFUSED,
			"it is no program: neither WebAssembly nor ELF, nor a script that begins "
			"with #!");
	return true;
}

static bool
program_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

bool
program_interpreter(
	struct bytes head, struct bytes *interpreter, struct bytes *argument, struct err *err)
{
	struct bytes line = bytes_from(head, 2);
	size_t end = bytes_find(line, '\n');
	if (end == SIZE_MAX || end > 1024)
		return err_set(err, ERR_REFUSED, "the line after #! has no end");
	line = bytes_first(line, end);
	while (line.size && program_is_blank(line.data[0]))
		line = bytes_from(line, 1);
	while (line.size && program_is_blank(line.data[line.size - 1]))
		line = bytes_first(line, line.size - 1);
	size_t space = 0;
	while (space < line.size && !program_is_blank(line.data[space]))
		space++;
	*interpreter = bytes_first(line, space);
	*argument = bytes_from(line, space);
	while (argument->size && program_is_blank(argument->data[0]))
		*argument = bytes_from(*argument, 1);
	if (!interpreter->size || interpreter->data[0] != '/')
		return err_set(err, ERR_REFUSED, "the line after #! names no absolute path");
	return true;
}

/* LEB128, at most 32 bits; false at the end of the bytes or for a longer number. */
static bool
program_number(struct bytes *rest, uint32_t *out)
{
	uint64_t number = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		if (!rest->size)
			return false;
		uint8_t byte = rest->data[0];
		*rest = bytes_from(*rest, 1);
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = (uint32_t)number;
			return number <= UINT32_MAX;
		}
	}
	return false;
}

static bool
program_take(struct bytes *rest, struct bytes *out)
{
	uint32_t size = 0;
	if (!program_number(rest, &size) || size > rest->size)
		return false;
	*out = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	return true;
}

size_t
program_formats(struct bytes module, struct bytes *formats, size_t capacity)
{
	struct bytes rest = bytes_from(module, 8);
	while (rest.size) {
		uint8_t kind = rest.data[0];
		struct bytes section;
		struct bytes name;
		rest = bytes_from(rest, 1);
		if (!program_take(&rest, &section))
			return 0;
		if (kind != 0)
			continue;
		if (!program_take(&section, &name))
			return 0;
		if (!bytes_equal_text(name, CAB_IDENTITIES_SECTION))
			continue;
		size_t count = 0;
		struct bytes line;
		while (bytes_split(&section, '\n', &line))
			if (line.size && count < capacity)
				formats[count++] = line;
		return count;
	}
	return 0;
}
