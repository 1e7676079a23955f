/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/runtime.h"

#include <stdlib.h>
#include <wasm.h>
#include <wasmtime.h>

#include "guest_host/limits.h"
#include "wire/spawner.h"

/* One row of the import table, ready to be called. */
struct binding {
	struct runtime *runtime;
	const struct host_import *import;
	size_t count;
	bool wide[HOST_PARAMETERS];
};

struct runtime {
	wasm_engine_t *engine;
	wasmtime_linker_t *linker;
	struct host *host; /* of the run under way */
	bool memory_known;
	bool memory_exported;
	wasmtime_memory_t memory;
	struct binding bindings[HOST_IMPORTS];
};

struct runtime_program {
	wasmtime_module_t *module;
	wasmtime_instance_pre_t *instance;
};

/* The engine's message, without its line ends: an err is one line. */
static bool
take_error(wasmtime_error_t *error, struct err *err)
{
	wasm_name_t message;
	wasmtime_error_message(error, &message);
	wasmtime_error_delete(error);
	for (size_t at = 0; at < message.size; at++)
		if (message.data[at] == '\n')
			message.data[at] = ' ';
	(void)err_set(err, ERR_REFUSED, "%.*s", (int)message.size, message.data);
	wasm_name_delete(&message);
	return false;
}

static wasm_engine_t *
engine_new(void)
{
	wasm_config_t *config = wasm_config_new();
	wasmtime_config_max_wasm_stack_set(config, LIMIT_STACK);
	wasmtime_config_cranelift_nan_canonicalization_set(config, true);
	wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
	wasmtime_config_wasm_memory64_set(config, false);
	wasmtime_config_wasm_multi_memory_set(config, false);
	wasmtime_config_wasm_relaxed_simd_set(config, false);
	/* Initial memory as copied bytes: a descriptor of the engine's own would be one that a
	 * guest process must keep. */
	wasmtime_config_memory_init_cow_set(config, false);
	/* Bases that never move, and a guard instead of bounds checks. */
	wasmtime_config_memory_may_move_set(config, false);
	wasmtime_config_memory_reservation_set(config, (uint64_t)4 << 30);
	wasmtime_config_native_unwind_info_set(config, false);
	return wasm_engine_new_with_config(config);
}

static wasm_trap_t *
call_import(void *environment, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t count)
{
	const struct binding *binding = environment;
	struct runtime *runtime = binding->runtime;
	struct host *host = runtime->host;
	(void)count;
	if (!runtime->memory_known) {
		wasmtime_extern_t item;
		runtime->memory_exported = wasmtime_caller_export_get(caller, "memory", 6, &item) &&
					   item.kind == WASMTIME_EXTERN_MEMORY;
		if (runtime->memory_exported)
			runtime->memory = item.of.memory;
		runtime->memory_known = true;
	}
	if (runtime->memory_exported) {
		wasmtime_context_t *context = wasmtime_caller_context(caller);
		host->memory = wasmtime_memory_data(context, &runtime->memory);
		host->memory_size = wasmtime_memory_data_size(context, &runtime->memory);
	}
	uint64_t arguments[HOST_PARAMETERS];
	for (size_t at = 0; at < binding->count; at++)
		arguments[at] = binding->wide[at] ? (uint64_t)values[at].i64
						  : (uint64_t)(uint32_t)values[at].i32;
	int32_t result = binding->import->function(host, arguments);
	if (binding->import->has_result)
		values[0].i32 = result;
	return NULL;
}

static wasm_functype_t *
import_type(const struct host_import *import)
{
	wasm_valtype_vec_t parameters;
	wasm_valtype_vec_t results;
	wasm_valtype_t *kinds[HOST_PARAMETERS];
	size_t count = strlen(import->parameters);
	for (size_t at = 0; at < count; at++)
		kinds[at] = import->parameters[at] == 'I' ? wasm_valtype_new_i64()
							  : wasm_valtype_new_i32();
	wasm_valtype_vec_new(&parameters, count, kinds);
	wasm_valtype_t *result = import->has_result ? wasm_valtype_new_i32() : NULL;
	wasm_valtype_vec_new(&results, result ? 1 : 0, &result);
	return wasm_functype_new(&parameters, &results);
}

static bool
define_imports(struct runtime *runtime, struct err *err)
{
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		struct binding *binding = &runtime->bindings[at];
		binding->runtime = runtime;
		binding->import = &host_imports[at];
		binding->count = strlen(binding->import->parameters);
		must(binding->count <= HOST_PARAMETERS, "a row has few parameters");
		for (size_t parameter = 0; parameter < binding->count; parameter++)
			binding->wide[parameter] = binding->import->parameters[parameter] == 'I';
		wasm_functype_t *type = import_type(binding->import);
		wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(runtime->linker,
			binding->import->module, strlen(binding->import->module),
			binding->import->name, strlen(binding->import->name), type, call_import,
			binding, NULL);
		wasm_functype_delete(type);
		if (error)
			return take_error(error, err);
	}
	return true;
}

struct runtime *
runtime_new(struct err *err)
{
	struct runtime *runtime = memory_zero(1, sizeof *runtime);
	runtime->engine = engine_new();
	if (!runtime->engine) {
		(void)err_set(err, ERR_SYSTEM, "start the engine");
		free(runtime);
		return NULL;
	}
	runtime->linker = wasmtime_linker_new(runtime->engine);
	if (!define_imports(runtime, err)) {
		runtime_free(runtime);
		return NULL;
	}
	return runtime;
}

void
runtime_free(struct runtime *runtime)
{
	if (!runtime)
		return;
	wasmtime_linker_delete(runtime->linker);
	wasm_engine_delete(runtime->engine);
	free(runtime);
}

static bool
export_has(const wasm_exporttype_t *export, const char *name, wasm_externkind_t kind)
{
	const wasm_name_t *found = wasm_exporttype_name(export);
	return bytes_equal_text(bytes_of(found->data, found->size), name) &&
	       wasm_externtype_kind(wasm_exporttype_type(export)) == kind;
}

/* `_start` without parameters and results, and `memory`. */
static bool
check_exports(const wasmtime_module_t *module, struct err *err)
{
	wasm_exporttype_vec_t exports;
	wasmtime_module_exports(module, &exports);
	bool start = false;
	bool memory = false;
	for (size_t at = 0; at < exports.size; at++) {
		memory |= export_has(exports.data[at], "memory", WASM_EXTERN_MEMORY);
		if (!export_has(exports.data[at], "_start", WASM_EXTERN_FUNC))
			continue;
		const wasm_functype_t *type =
			wasm_externtype_as_functype_const(wasm_exporttype_type(exports.data[at]));
		start = !wasm_functype_params(type)->size && !wasm_functype_results(type)->size;
	}
	wasm_exporttype_vec_delete(&exports);
	if (!start)
		return err_set(err, ERR_REFUSED,
			"the module exports no function _start without parameters and results");
	if (!memory)
		return err_set(err, ERR_REFUSED, "the module exports no memory named memory");
	return true;
}

bool
runtime_compile(struct runtime *runtime, struct bytes module, struct buf *artifact, struct err *err)
{
	wasmtime_module_t *compiled = NULL;
	wasmtime_error_t *error =
		wasmtime_module_new(runtime->engine, module.data, module.size, &compiled);
	if (error)
		return take_error(error, err);
	wasmtime_instance_pre_t *instance = NULL;
	wasm_byte_vec_t bytes = {0};
	error = wasmtime_linker_instantiate_pre(runtime->linker, compiled, &instance);
	bool done = error ? take_error(error, err) : check_exports(compiled, err);
	if (instance)
		wasmtime_instance_pre_delete(instance);
	if (done) {
		error = wasmtime_module_serialize(compiled, &bytes);
		done = error ? take_error(error, err) : true;
	}
	if (done) {
		buf_add(artifact, bytes_of(bytes.data, bytes.size));
		done = buf_check(artifact, err, "compiled module");
		wasm_byte_vec_delete(&bytes);
	}
	wasmtime_module_delete(compiled);
	return done;
}

struct runtime_program *
runtime_load(struct runtime *runtime, struct bytes artifact, struct err *err)
{
	struct runtime_program program = {0};
	wasmtime_error_t *error = wasmtime_module_deserialize(
		runtime->engine, artifact.data, artifact.size, &program.module);
	if (error) {
		(void)take_error(error, err);
		return NULL;
	}
	error = wasmtime_linker_instantiate_pre(runtime->linker, program.module, &program.instance);
	if (error) {
		(void)take_error(error, err);
		wasmtime_module_delete(program.module);
		return NULL;
	}
	struct runtime_program *out = memory_new(sizeof *out);
	*out = program;
	return out;
}

void
runtime_program_free(struct runtime_program *program)
{
	if (!program)
		return;
	wasmtime_instance_pre_delete(program->instance);
	wasmtime_module_delete(program->module);
	free(program);
}

/* How a call into the guest ended: 0, or the status of a trap. */
static int
conclude(struct host *host, wasmtime_error_t *error, wasm_trap_t *trap)
{
	if (!error && !trap)
		return 0;
	wasm_byte_vec_t message;
	if (error) {
		wasmtime_error_message(error, &message);
		wasmtime_error_delete(error);
	} else {
		wasm_trap_message(trap, &message);
		wasm_trap_delete(trap);
	}
	/* wasm-c-api ends a trap's message with NUL. */
	size_t size = message.size;
	while (size && message.data[size - 1] == '\0')
		size--;
	host_complain(host, "trap: %.*s", (int)size, message.data);
	wasm_byte_vec_delete(&message);
	return GUEST_EXIT_TRAP;
}

static int
call_start(struct host *host, wasmtime_context_t *context, const wasmtime_instance_t *instance)
{
	wasmtime_extern_t item;
	if (!wasmtime_instance_export_get(context, instance, "_start", 6, &item) ||
		item.kind != WASMTIME_EXTERN_FUNC) {
		host_complain(host, "trap: no function _start");
		return GUEST_EXIT_TRAP;
	}
	wasm_trap_t *trap = NULL;
	wasmtime_error_t *error =
		wasmtime_func_call(context, &item.of.func, NULL, 0, NULL, 0, &trap);
	int status = conclude(host, error, trap);
	if (!status)
		host_end(host);
	return status;
}

int
runtime_run(struct runtime *runtime, const struct runtime_program *program, struct host *host,
	uint64_t memory)
{
	runtime->host = host;
	runtime->memory_known = false;
	wasmtime_store_t *store = wasmtime_store_new(runtime->engine, NULL, NULL);
	wasmtime_store_limiter(store, (int64_t)memory, LIMIT_TABLE_ELEMENTS, 1, LIMIT_TABLES, 1);
	wasmtime_context_t *context = wasmtime_store_context(store);
	wasmtime_instance_t instance;
	wasm_trap_t *trap = NULL;
	wasmtime_error_t *error =
		wasmtime_instance_pre_instantiate(program->instance, context, &instance, &trap);
	int status = conclude(host, error, trap);
	if (!status)
		status = call_start(host, context, &instance);
	wasmtime_store_delete(store);
	return status;
}
