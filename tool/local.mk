# SPDX-License-Identifier: GPL-2.0-or-later
# runledger(1): everything but main() is a library, so that tests link the very objects that ship.
noinst_LTLIBRARIES += tool/librlg_tool.la
bin_PROGRAMS += runledger

tool_librlg_tool_la_SOURCES = \
	%D%/again.c %D%/again.h \
	%D%/arena.c %D%/arena.h \
	%D%/ask.c %D%/ask.h \
	%D%/ask_accounting.c %D%/ask_accounting.h \
	%D%/atomic_file.c %D%/atomic_file.h \
	%D%/attempts.c %D%/attempts.h \
	%D%/attempts_at.c %D%/attempts_at.h \
	%D%/attempts_exec.c %D%/attempts_exec.h \
	%D%/bytes.c %D%/bytes.h \
	%D%/change_env.c %D%/change_forms.h \
	%D%/change_json.c \
	%D%/change_words.c %D%/change_words.h \
	%D%/changes.c %D%/changes.h \
	%D%/client_line.c %D%/client_line.h \
	%D%/cmd_events.c \
	%D%/cmd_drain.c \
	%D%/cmd_exec.c \
	%D%/cmd_exec_record.c %D%/cmd_exec_record.h \
	%D%/cmd_init.c \
	%D%/cmd_jobcomp.c \
	%D%/cmd_log.c \
	%D%/cmd_note.c \
	%D%/cmd_jobs.c \
	%D%/cmd_publish.c \
	%D%/cmd_record.c \
	%D%/cmd_record_finish.c \
	%D%/cmd_record_job.c %D%/cmd_record_job.h \
	%D%/cmd_record_reject.c \
	%D%/cmd_record_submit.c \
	%D%/cmd_refresh.c \
	%D%/cmd_report.c \
	%D%/cmd_session.c %D%/cmd_session.h \
	%D%/cmd_slurm_job_list.c \
	%D%/cmd_status.c \
	%D%/cmd_wait.c \
	%D%/cmd_watch.c \
	%D%/command.c %D%/command.h %D%/commands.h \
	%D%/completion.c %D%/completion.h \
	%D%/config.c %D%/config.h \
	%D%/damage.c %D%/damage.h \
	%D%/discovery.c %D%/discovery.h \
	%D%/discovery_record.c %D%/discovery_record.h \
	%D%/draft.c %D%/draft.h \
	%D%/drain/ask_rest.c %D%/drain/ask_rest.h \
	%D%/drain/children.c %D%/drain/children.h \
	%D%/drain/drain.c %D%/drain/drain.h \
	%D%/drain/user.c %D%/drain/user.h \
	%D%/end_facts.c %D%/end_facts.h \
	%D%/evaluations.c %D%/evaluations.h \
	%D%/event.c %D%/event.h \
	%D%/event_words.c %D%/event_words.h \
	%D%/evaluation.c %D%/evaluation.h \
	%D%/failure.c %D%/failure.h \
	%D%/failure_words.c %D%/failure_words.h \
	%D%/exec_child.c %D%/exec_child.h \
	%D%/findings.c %D%/findings.h \
	%D%/fold.c %D%/fold.h \
	%D%/folder_lock.c %D%/folder_lock.h \
	%D%/follow.c %D%/follow.h \
	%D%/git_head.c %D%/git_head.h \
	%D%/group.c %D%/group.h \
	%D%/help.c %D%/help.h \
	%D%/hooks.c %D%/hooks.h \
	%D%/hostlist.c %D%/hostlist.h \
	%D%/identity.c %D%/identity.h \
	%D%/json_doc.c %D%/json_doc.h \
	%D%/json_doc_edit.c \
	%D%/job_attempts.c %D%/job_attempts.h \
	%D%/job_here.c %D%/job_here.h \
	%D%/job_places.c %D%/job_places.h \
	%D%/kept.c %D%/kept.h \
	%D%/json_members.c %D%/json_members.h \
	%D%/json_out.c %D%/json_out.h \
	%D%/log_place.c %D%/log_place.h \
	%D%/log_recorder.c %D%/log_recorder.h \
	%D%/log_stream.c %D%/log_stream.h \
	%D%/log_values.c %D%/log_values.h \
	%D%/log_tail.c %D%/log_tail.h \
	%D%/look.c %D%/look.h \
	%D%/marks.c %D%/marks.h \
	%D%/mentions.c %D%/mentions.h \
	%D%/match.c %D%/match.h \
	%D%/md_doc.c %D%/md_doc.h \
	%D%/md_table.c %D%/md_table.h \
	%D%/model.c %D%/model.h \
	%D%/my_groups.c %D%/my_groups.h \
	%D%/named_run.c %D%/named_run.h \
	%D%/names.c %D%/names.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/options.c %D%/options.h \
	%D%/outputs.c %D%/outputs.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan_matrix.c %D%/plan_matrix.h \
	%D%/printable.c %D%/printable.h \
	%D%/progress.c %D%/progress.h \
	%D%/reconcile.c %D%/reconcile.h \
	%D%/refresh.c %D%/refresh.h \
	%D%/registry.c %D%/registry.h \
	%D%/report.h \
	%D%/report_csv.c %D%/report_markdown.c \
	%D%/resolve.c %D%/resolve.h \
	%D%/sanitize.c %D%/sanitize.h \
	%D%/sanitize_match.h \
	%D%/sanitize_numbers.c \
	%D%/sanitize_places.c \
	%D%/sanitize_words.c \
	%D%/scripts.c %D%/scripts.h \
	%D%/secrets.c %D%/secrets.h \
	%D%/silence.c %D%/silence.h \
	%D%/site_options.c %D%/site_options.h \
	%D%/slurm_state.c %D%/slurm_state.h \
	%D%/status.h \
	%D%/status_detail.c \
	%D%/status_json.c \
	%D%/status_table.c \
	%D%/summary.c %D%/summary.h \
	%D%/summary_actions.c \
	%D%/table.c %D%/table.h \
	%D%/target.c %D%/target.h \
	%D%/terminal.c %D%/terminal.h \
	%D%/text_edit.c %D%/text_edit.h \
	%D%/tracker/run_log.h \
	%D%/tracker/run_log_doc.c \
	%D%/tracker/run_log_fields.c \
	%D%/tracker/run_log_files.c \
	%D%/tracker/run_log_findings.c \
	%D%/tracker/run_log_jobs.c \
	%D%/tracker/run_log_places.c \
	%D%/tracker/run_log_settings.c \
	%D%/tracker/run_log_status.c \
	%D%/tracker/run_log_timeline.c \
	%D%/tracker/run_log_values.c \
	%D%/tracker/run_log_words.c \
	%D%/tracker/run_logs.c \
	%D%/tracker/action_log.c %D%/tracker/action_log.h \
	%D%/tracker/action_log_checks.c \
	%D%/tracker/action_log_evaluations.c \
	%D%/tracker/action_log_jobs.c \
	%D%/tracker/action_log_parse.c \
	%D%/tracker/action_log_units.c \
	%D%/tracker/active_jobs.c %D%/tracker/active_jobs.h \
	%D%/tracker/active_jobs_find.c \
	%D%/tracker/active_jobs_session.c \
	%D%/tracker/experiments.c %D%/tracker/experiments.h \
	%D%/tracker/experiments_memory.c \
	%D%/tracker/experiments_rows.c \
	%D%/tracker/experiments_values.c \
	%D%/tracker/job_list.c %D%/tracker/job_list.h \
	%D%/tracker/manifest.c %D%/tracker/manifest.h \
	%D%/tracker/run_manifest.c %D%/tracker/run_manifest.h \
	%D%/tracker/run_manifest_edits.c \
	%D%/tracker/run_manifest_new.c \
	%D%/tracker/run_manifest_places.c \
	%D%/tracker/run_manifest_state.c \
	%D%/tracker/run_manifest_update.c \
	%D%/tracker/slurm_job_list.c \
	%D%/tracker/runs_status.c %D%/tracker/runs_status.h \
	%D%/tracker/runs_status_check.c \
	%D%/tracker/runs_status_comment.c \
	%D%/tracker/runs_status_edits.c \
	%D%/tracker/runs_status_places.c \
	%D%/tracker/runs_status_update.c \
	%D%/tracker/runs_status_write.c \
	%D%/tracker/tracker.c %D%/tracker/tracker.h \
	%D%/tracker_file.c %D%/tracker_file.h \
	%D%/training_log.c %D%/training_log.h \
	%D%/usage.c %D%/usage.h \
	%D%/usage_words.c %D%/usage_words.h \
	%D%/when.c %D%/when.h \
	%D%/yaml_doc.c %D%/yaml_doc.h \
	%D%/yaml_text.c %D%/yaml_text.h
tool_librlg_tool_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS) $(YAML_CFLAGS)
tool_librlg_tool_la_LIBADD = lib/librlg_read.la lib/librlg_core.la $(YAML_LIBS) $(CJSON_LIBS)

runledger_SOURCES = %D%/main.c
runledger_LDADD = tool/librlg_tool.la

# slurmctld's JobCompLoc takes no arguments: see cmd_jobcomp.c.
install-exec-hook:
	$(MKDIR_P) $(DESTDIR)$(pkglibexecdir)
	cd $(DESTDIR)$(pkglibexecdir) && $(LN_S) -f $(bindir)/runledger runledger-jobcomp

dist_pkgdata_DATA += %D%/runledger-status.schema.json

if HAVE_SLURM
# The only program that links libslurm.
pkglibexec_PROGRAMS += runledger-ask
runledger_ask_SOURCES = %D%/ask/ask_slurm.c
runledger_ask_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
runledger_ask_LDADD = lib/librlg_core.la $(SLURM_LIBS)
endif
