/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are the plugins loaded, and are they ours? */
#include "tool/doctor/doctor.h"

#include "lib/process.h"
#include "lib/text.h"
#include "lib/trusted.h"
#include "tool/doctor/slurm_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOPIC "plugstack.conf"

/* Every plugin of ours holds this, with its version behind it. */
#define RELEASE "runledger-release "

/* They are some hundred kilobytes. */
#define PLUGIN_MAX (64 << 20)

#define RELEASE_MAX 40

/* A program says its version in milliseconds. */
#define VERSION_MS 5000

enum which { MAIN, EPILOG, WHICH };

static const char *const names[WHICH] = {[MAIN] = "spank_runledger", [EPILOG] = "spank_runledger_epilog"};

struct looking {
	struct rlg_doctor *doctor;
	unsigned seen[WHICH];
};

static int which_of(const char *plugin)
{
	const char *slash = strrchr(plugin, '/');
	const char *name = slash == NULL ? plugin : slash + 1;

	for (int i = 0; i < WHICH; i++) {
		size_t length = strlen(names[i]);
		if (strncmp(name, names[i], length) == 0 && (name[length] == '\0' || strcmp(name + length, ".so") == 0))
			return i;
	}
	return -1;
}

/* A bare name is looked for in each folder of PluginDir; NULL: where Slurm was built to look, which only Slurm knows. */
static const char *find_object(const struct rlg_doctor *doctor, const char *plugin)
{
	const char *folders = rlg_slurm_conf_value(doctor->arena, doctor->slurm_conf, "PluginDir");

	if (plugin[0] == '/')
		return plugin;
	while (folders != NULL && *folders != '\0') {
		size_t length = strcspn(folders, ":");
		const char *path = rlg_arena_printf(doctor->arena, "%.*s/%s", (int)length, folders, plugin);
		if (access(path, F_OK) == 0)
			return path;
		folders += length + (folders[length] == ':');
	}
	return NULL;
}

/* It is not loaded for that: whatever it is, it does not run. */
static void find_release(const char *path, char out_release[RELEASE_MAX])
{
	struct stat facts;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *bytes = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 && facts.st_size < PLUGIN_MAX)
		bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes != MAP_FAILED) {
		const char *found = memmem(bytes, (size_t)facts.st_size, RELEASE, strlen(RELEASE));
		const char *end = (const char *)bytes + facts.st_size;
		if (found != NULL && end - found > (ptrdiff_t)strlen(RELEASE))
			snprintf(out_release, RELEASE_MAX, "%.*s", (int)(end - found - (ptrdiff_t)strlen(RELEASE)),
				 found + strlen(RELEASE));
		munmap(bytes, (size_t)facts.st_size);
	}
	if (fd >= 0)
		close(fd);
}

static void look_at_release(struct rlg_doctor *doctor, const char *path)
{
	char found[RELEASE_MAX] = "";

	find_release(path, found);
	if (strcmp(found, PACKAGE_VERSION) == 0)
		rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "%s is of this version, " PACKAGE_VERSION, path);
	else
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, "install plugins and tool of one version on every node",
			       "%s is of another version (%.40s) than this tool (" PACKAGE_VERSION ")", path,
			       found[0] == '\0' ? "unknown" : found);
}

static void look_at_object(struct rlg_doctor *doctor, const struct rlg_plugstack_line *line)
{
	const char *path = find_object(doctor, line->plugin);

	if (path == NULL)
		rlg_doctor_say(doctor, RLG_HEALTH_OK, TOPIC, NULL, "%s is looked for in Slurm's own PluginDir", line->plugin);
	else if (access(path, R_OK) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC,
			       "install it there, or take the line out: every sbatch and srun complains", "%s:%d: cannot read %s: %s", line->file, line->number, path, strerror(errno));
	else
		look_at_release(doctor, path);
}

/* The value of the last such argument; NULL: none. */
static const char *argument(struct rlg_arena *arena, const struct rlg_plugstack_line *line, const char *key)
{
	const char *found = NULL;

	for (const char *at = line->arguments; (at = strstr(at, key)) != NULL; at += strlen(key))
		found = at + strlen(key);
	return found == NULL ? NULL : rlg_arena_strndup(arena, found, strcspn(found, " "));
}

static void look_at_helper_version(struct rlg_doctor *doctor, const char *path)
{
	const char *argv[] = {"runledger", "--version", NULL}, *envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	const struct rlg_program program = {.path = path, .argv = argv, .envp = envp};
	char words[256], errors[16];
	const struct rlg_output output = {words, sizeof(words), errors, sizeof(errors)};

	int code = rlg_process_run(&program, VERSION_MS, &output, NULL);
	words[strcspn(words, "\n")] = '\0';
	if (code == 0 && strcmp(words, "runledger " PACKAGE_VERSION) == 0)
		rlg_doctor_say(doctor, RLG_HEALTH_OK, "helper", NULL, "%s is of this version", path);
	else
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, "helper", "install plugins and tool of one version on every node",
			       "%s is not of this version (" PACKAGE_VERSION ")", path);
}

static void look_at_helper(struct rlg_doctor *doctor, const struct rlg_plugstack_line *line)
{
	const char *path = argument(doctor->arena, line, " helper=");
	struct rlg_err err = {""};
	struct stat facts;

	path = path == NULL ? RLG_BINDIR "/runledger" : path;
	if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || access(path, X_OK) != 0) {
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, "helper", "install it there on every node, or name another by helper=",
			       "%s, which the plugins start, cannot be run", path);
		return;
	}
	if (facts.st_uid != 0 || rlg_trusted_program(path, &err) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, "helper",
			       "root starts it: it, and each folder above it, must be root's, and closed to others", "%s can be changed by others than root%s%s", path, err.text[0] == '\0' ? "" : ": ", err.text);
	look_at_helper_version(doctor, path);
}

static void look_at_line(void *context, const struct rlg_plugstack_line *line)
{
	struct looking *looking = context;
	struct rlg_doctor *doctor = looking->doctor;
	int which = which_of(line->plugin);
	const char *conf;

	if (which < 0)
		return;
	if (looking->seen[which]++ > 0)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, "take one of the lines out", "%s:%d: %s is loaded twice", line->file,
			       line->number, names[which]);
	if (line->required)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC,
			       "write optional: a plugin that is missing then stops no job and drains no node", "%s:%d: %s is required", line->file, line->number, names[which]);
	look_at_object(doctor, line);
	if (which == MAIN)
		look_at_helper(doctor, line);
	conf = argument(doctor->arena, line, " conf=");
	if (conf != NULL && strcmp(conf, doctor->conf_path) != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, "ask with --conf, so that the same settings are looked at",
			       "%s:%d: the plugins read %s, not %s", line->file, line->number, conf, doctor->conf_path);
}

static void look_at_epilog(struct rlg_doctor *doctor, bool loaded)
{
	const char *flags = rlg_slurm_conf_value(doctor->arena, doctor->slurm_conf, "PrologFlags");
	bool in_job = flags != NULL && strcasestr(flags, "RunInJob") != NULL;

	if (loaded && in_job)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC, "take its line out: spank_runledger.so does without it there",
			       "with PrologFlags=RunInJob spank_runledger_epilog.so keeps jobs COMPLETING");
	else if (!loaded && !in_job)
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, TOPIC, "add: optional spank_runledger_epilog.so, and restart slurmd",
			       "spank_runledger_epilog.so is not loaded, so no node tells how its jobs ended");
}

void rlg_doctor_look_at_plugins(struct rlg_doctor *doctor)
{
	struct looking looking = {.doctor = doctor};

	if (doctor->slurm_conf == NULL) {
		rlg_doctor_say(doctor, RLG_HEALTH_WARN, "slurm.conf",
			       "say where by SLURM_CONF or --slurm-conf; `runledger exec` works without", "there is no slurm.conf in the usual places, so nothing is known of the plugins");
		return;
	}
	const char *path = rlg_plugstack_path(doctor->arena, doctor->slurm_conf);
	int code = rlg_plugstack_each(doctor->arena, path, look_at_line, &looking);
	if (code != 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC, "see INSTALLING in spank_runledger(8)", "cannot read %s: %s", path,
			       strerror(-code));
	else if (looking.seen[MAIN] == 0)
		rlg_doctor_say(doctor, RLG_HEALTH_FAIL, TOPIC, "add: optional spank_runledger.so", "%s does not load spank_runledger.so",
			       path);
	if (code == 0)
		look_at_epilog(doctor, looking.seen[EPILOG] > 0);
}
