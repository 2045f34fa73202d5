# SPDX-License-Identifier: GPL-2.0-or-later
# runledger(1): everything but main() is a library, so that tests link the very objects that ship.
noinst_LTLIBRARIES += tool/librlg_tool.la
bin_PROGRAMS += runledger

tool_librlg_tool_la_SOURCES = \
	%D%/base/arena.c %D%/base/arena.h \
	%D%/base/atomic_file.c %D%/base/atomic_file.h \
	%D%/base/bytes.c %D%/base/bytes.h \
	%D%/base/draft.c %D%/base/draft.h \
	%D%/base/exit.h \
	%D%/base/folder_lock.c %D%/base/folder_lock.h \
	%D%/base/hands.c %D%/base/hands.h \
	%D%/base/hostlist.c %D%/base/hostlist.h \
	%D%/base/in_order.c %D%/base/in_order.h \
	%D%/base/inside.c %D%/base/inside.h \
	%D%/base/json_doc.c %D%/base/json_doc.h \
	%D%/base/json_doc_edit.c \
	%D%/base/json_members.c %D%/base/json_members.h \
	%D%/base/json_out.c %D%/base/json_out.h \
	%D%/base/leftovers.c %D%/base/leftovers.h \
	%D%/base/md_doc.c %D%/base/md_doc.h \
	%D%/base/md_table.c %D%/base/md_table.h \
	%D%/base/names.c %D%/base/names.h \
	%D%/base/pack.c %D%/base/pack.h \
	%D%/base/printable.c %D%/base/printable.h \
	%D%/base/reach.c %D%/base/reach.h \
	%D%/base/spans.c %D%/base/spans.h \
	%D%/base/sum64.c %D%/base/sum64.h \
	%D%/base/table.c %D%/base/table.h \
	%D%/base/terminal.c %D%/base/terminal.h \
	%D%/base/text_edit.c %D%/base/text_edit.h \
	%D%/base/when.c %D%/base/when.h \
	%D%/base/yaml_doc.c %D%/base/yaml_doc.h \
	%D%/base/yaml_text.c %D%/base/yaml_text.h \
	%D%/cmd/cmd_doctor.c \
	%D%/cmd/cmd_drain.c \
	%D%/cmd/cmd_events.c \
	%D%/cmd/cmd_exec.c \
	%D%/cmd/cmd_exec_place.c %D%/cmd/cmd_exec_place.h \
	%D%/cmd/cmd_exec_record.c %D%/cmd/cmd_exec_record.h \
	%D%/cmd/cmd_init.c \
	%D%/cmd/cmd_jobcomp.c \
	%D%/cmd/cmd_jobs.c \
	%D%/cmd/cmd_log.c \
	%D%/cmd/cmd_note.c \
	%D%/cmd/cmd_publish.c \
	%D%/cmd/cmd_record.c \
	%D%/cmd/cmd_record_finish.c \
	%D%/cmd/cmd_record_job.c %D%/cmd/cmd_record_job.h \
	%D%/cmd/cmd_record_reject.c \
	%D%/cmd/cmd_record_submit.c \
	%D%/cmd/cmd_refresh.c \
	%D%/cmd/cmd_report.c \
	%D%/cmd/cmd_session.c %D%/cmd/cmd_session.h \
	%D%/cmd/cmd_slurm_job_list.c \
	%D%/cmd/cmd_status.c \
	%D%/cmd/cmd_wait.c \
	%D%/cmd/cmd_watch.c \
	%D%/cmd/command.c %D%/cmd/command.h %D%/cmd/commands.h \
	%D%/cmd/damage.c %D%/cmd/damage.h \
	%D%/cmd/help.c %D%/cmd/help.h \
	%D%/cmd/named_run.c %D%/cmd/named_run.h \
	%D%/cmd/nearest.c %D%/cmd/nearest.h \
	%D%/cmd/options.c %D%/cmd/options.h \
	%D%/cmd/site_options.c %D%/cmd/site_options.h \
	%D%/cmd/take_along.c %D%/cmd/take_along.h \
	%D%/doctor/doctor.c %D%/doctor/doctor.h \
	%D%/doctor/look_group.c \
	%D%/doctor/look_plugins.c \
	%D%/doctor/look_spools.c \
	%D%/doctor/slurm_files.c %D%/doctor/slurm_files.h \
	%D%/drain/ask_rest.c %D%/drain/ask_rest.h \
	%D%/drain/children.c %D%/drain/children.h \
	%D%/drain/drain.c %D%/drain/drain.h \
	%D%/drain/node.c %D%/drain/node.h \
	%D%/drain/node_entry.c %D%/drain/node_entry.h \
	%D%/drain/node_user.c %D%/drain/node_user.h \
	%D%/drain/user.c %D%/drain/user.h \
	%D%/follow/change_env.c %D%/follow/change_forms.h \
	%D%/follow/change_json.c \
	%D%/follow/change_words.c %D%/follow/change_words.h \
	%D%/follow/changes.c %D%/follow/changes.h \
	%D%/follow/follow.c %D%/follow/follow.h \
	%D%/follow/hooks.c %D%/follow/hooks.h \
	%D%/follow/log_tail.c %D%/follow/log_tail.h \
	%D%/follow/look.c %D%/follow/look.h \
	%D%/follow/target.c %D%/follow/target.h \
	%D%/group/discovery_record.c %D%/group/discovery_record.h \
	%D%/group/group.c %D%/group/group.h \
	%D%/group/load.c %D%/group/load.h \
	%D%/group/load_fresh.c \
	%D%/group/load_model.c \
	%D%/group/load_packed.c \
	%D%/group/load_runs.c %D%/group/load_runs.h \
	%D%/group/load_stamps.c \
	%D%/group/news.c %D%/group/news.h \
	%D%/group/refresh.c %D%/group/refresh.h \
	%D%/group/refresh_lock.c %D%/group/refresh_lock.h \
	%D%/group/refresh_trackers.c %D%/group/refresh_trackers.h \
	%D%/group/resolve.c %D%/group/resolve.h \
	%D%/group/run_files.c %D%/group/run_files.h \
	%D%/group/snapshot.c %D%/group/snapshot.h \
	%D%/group/sweep.c %D%/group/sweep.h \
	%D%/group/tracker_file.c %D%/group/tracker_file.h \
	%D%/group/tracker_stamp.c \
	%D%/model/attempts.c %D%/model/attempts.h \
	%D%/model/attempts_at.c %D%/model/attempts_at.h \
	%D%/model/attempts_take.c \
	%D%/model/attempts_exec.c %D%/model/attempts_exec.h \
	%D%/model/event.c %D%/model/event.h \
	%D%/model/failure.c %D%/model/failure.h \
	%D%/model/fold.c %D%/model/fold.h \
	%D%/model/fold_phases.c \
	%D%/model/fold_run.c %D%/model/fold_run.h \
	%D%/model/fold_words.c \
	%D%/model/gathered.c %D%/model/gathered.h \
	%D%/model/run_pack.c %D%/model/run_pack.h \
	%D%/model/job_attempts.c %D%/model/job_attempts.h \
	%D%/model/job_drafts.c %D%/model/job_drafts.h \
	%D%/model/job_loose_words.c \
	%D%/model/job_overtaken.c \
	%D%/model/job_place_starts.c \
	%D%/model/job_starts.c %D%/model/job_starts.h \
	%D%/model/job_words.c \
	%D%/model/model.c %D%/model/model.h \
	%D%/model/progress.c %D%/model/progress.h \
	%D%/model/progress_records.c %D%/model/progress_records.h \
	%D%/model/silence.c %D%/model/silence.h \
	%D%/model/slurm_state.c %D%/model/slurm_state.h \
	%D%/model/usage.c %D%/model/usage.h \
	%D%/plan/config.c %D%/plan/config.h \
	%D%/plan/discovery.c %D%/plan/discovery.h \
	%D%/plan/evaluation.c %D%/plan/evaluation.h \
	%D%/plan/evaluations.c %D%/plan/evaluations.h \
	%D%/plan/findings.c %D%/plan/findings.h \
	%D%/plan/found.c %D%/plan/found.h \
	%D%/plan/match.c %D%/plan/match.h \
	%D%/plan/outputs.c %D%/plan/outputs.h \
	%D%/plan/peek.c %D%/plan/peek.h \
	%D%/plan/plan.c %D%/plan/plan.h \
	%D%/plan/plan_matrix.c %D%/plan/plan_matrix.h \
	%D%/plan/scripts.c %D%/plan/scripts.h \
	%D%/publish/sanitize.c %D%/publish/sanitize.h \
	%D%/publish/sanitize_match.h \
	%D%/publish/sanitize_numbers.c \
	%D%/publish/sanitize_places.c \
	%D%/publish/sanitize_words.c \
	%D%/publish/secrets.c %D%/publish/secrets.h \
	%D%/publish/training_log.c %D%/publish/training_log.h \
	%D%/record/ask.c %D%/record/ask.h \
	%D%/record/ask_accounting.c %D%/record/ask_accounting.h \
	%D%/record/client_line.c %D%/record/client_line.h \
	%D%/record/completion.c %D%/record/completion.h \
	%D%/record/end_facts.c %D%/record/end_facts.h \
	%D%/record/exec_child.c %D%/record/exec_child.h \
	%D%/record/git_head.c %D%/record/git_head.h \
	%D%/record/identity.c %D%/record/identity.h \
	%D%/record/job_here.c %D%/record/job_here.h \
	%D%/record/job_places.c %D%/record/job_places.h \
	%D%/record/log_place.c %D%/record/log_place.h \
	%D%/record/log_recorder.c %D%/record/log_recorder.h \
	%D%/record/log_stream.c %D%/record/log_stream.h \
	%D%/record/log_values.c %D%/record/log_values.h \
	%D%/record/mentions.c %D%/record/mentions.h \
	%D%/record/my_groups.c %D%/record/my_groups.h \
	%D%/record/record_job.c %D%/record/record_job.h \
	%D%/record/reconcile.c %D%/record/reconcile.h \
	%D%/record/site_here.c %D%/record/site_here.h \
	%D%/show/again.c %D%/show/again.h \
	%D%/show/event_words.c %D%/show/event_words.h \
	%D%/show/failure_words.c %D%/show/failure_words.h \
	%D%/show/marks.c %D%/show/marks.h \
	%D%/show/report.h \
	%D%/show/report_csv.c %D%/show/report_markdown.c \
	%D%/show/status.h \
	%D%/show/status_detail.c \
	%D%/show/phase_json.c %D%/show/phase_json.h \
	%D%/show/status_json.c \
	%D%/show/status_table.c \
	%D%/show/summary.c %D%/show/summary.h \
	%D%/show/summary_actions.c \
	%D%/show/usage_words.c %D%/show/usage_words.h \
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
	%D%/tracker/kept.c %D%/tracker/kept.h \
	%D%/tracker/manifest.c %D%/tracker/manifest.h \
	%D%/tracker/registry.c %D%/tracker/registry.h \
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
	%D%/tracker/run_manifest.c %D%/tracker/run_manifest.h \
	%D%/tracker/run_manifest_edits.c \
	%D%/tracker/run_manifest_new.c \
	%D%/tracker/run_manifest_places.c \
	%D%/tracker/run_manifest_state.c \
	%D%/tracker/run_manifest_update.c \
	%D%/tracker/runs_status.c %D%/tracker/runs_status.h \
	%D%/tracker/runs_status_check.c \
	%D%/tracker/runs_status_layout.c \
	%D%/tracker/runs_status_part.c \
	%D%/tracker/runs_status_comment.c \
	%D%/tracker/runs_status_edits.c \
	%D%/tracker/runs_status_places.c \
	%D%/tracker/runs_status_update.c \
	%D%/tracker/runs_status_write.c \
	%D%/tracker/slurm_job_list.c \
	%D%/tracker/tracker.c %D%/tracker/tracker.h
tool_librlg_tool_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS) $(YAML_CFLAGS)
tool_librlg_tool_la_LIBADD = lib/librlg_read.la lib/librlg_core.la $(YAML_LIBS) $(CJSON_LIBS) -lpthread

runledger_SOURCES = %D%/main.c
runledger_CFLAGS = $(AM_CFLAGS) $(RLG_PROGRAM_CFLAGS)
runledger_LDFLAGS = $(AM_LDFLAGS) $(RLG_PROGRAM_LDFLAGS)
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
runledger_ask_CFLAGS = $(AM_CFLAGS) $(RLG_PROGRAM_CFLAGS)
runledger_ask_LDFLAGS = $(AM_LDFLAGS) $(RLG_PROGRAM_LDFLAGS)
runledger_ask_LDADD = lib/librlg_core.la $(SLURM_LIBS)
endif
