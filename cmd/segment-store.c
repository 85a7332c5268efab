/*
 * segment-store - the spool's only writer, and its index.
 *
 * The commands are in segment-store/, a file each.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "segment-store/command.h"

static const struct command *const commands[] = {
	&claim_command,
	&compare_command,
	&done_command,
	&expire_command,
	&export_command,
	&get_command,
	&import_command,
	&ls_command,
	&pending_command,
	&put_command,
	&requeue_command,
	&stat_command,
	&verify_command,
	&watch_command,
};

static const struct opt_spec no_opts[] = { OPT_END };

static const struct opt_prog prog = {
	"segment-store", "COMMAND [ARG...]",
	"Keep the fragments of streams, and know what is there.", no_opts,
	"Commands:\n"
	"  claim    take tickets\n"
	"  compare  find what a tar file has, too\n"
	"  done     drop the tickets of originals that are complete\n"
	"  expire   remove the oldest fragments\n"
	"  export   write fragments as a tar file\n"
	"  get      write fragments as one MP4\n"
	"  import   store the fragments of a tar file\n"
	"  ls       list fragments\n"
	"  pending  list originals that lack renditions\n"
	"  put      store fragments\n"
	"  requeue  put back the tickets of workers that are gone\n"
	"  stat     count what is stored\n"
	"  verify   find what is damaged\n"
	"  watch    list originals that lack renditions, and all that come\n"
	"'segment-store COMMAND --help' says more.\n"
};

static const struct command *
find_command(const char *word, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i]->word) == 0)
			return commands[i];
	err_set(err, ERR_USAGE, "unknown command '%s'", word);
	return NULL;
}

static int
run(struct args *a, const struct command *cmd, struct err *err)
{
	if (a->ladder_file != NULL &&
	    ladder_load(&a->ladder, a->ladder_file, err) == -1)
		return -1;
	if (spool_open(&a->spool, a->spool_dir, cmd->create, err) == -1 ||
	    cmd->run(a, err) == -1)
		return -1;
	return file_flush_stdout(err);
}

int
main(int argc, char *argv[])
{
	struct args a = { .spool = { .fd = -1 }, .rendition = SPOOL_SRC,
	    .sel = SELECT_ALL };
	const struct command *cmd;
	struct opt_state os;
	struct err err = ERR_INIT;
	const char *arg;
	int c;

	opt_begin(&os, &prog);
	while ((c = opt_next(&os, argc, argv, &arg, &err)) > 0)
		;
	if (c == -1 || opt_operands(&os, argc, 1, -1, &err) == -1)
		return opt_usage_error(&os, &err);
	if ((cmd = find_command(argv[os.next], &err)) == NULL)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	c = os.next;
	if (take_args(&a, cmd, &os, argc - c, argv + c, &err) == -1)
		return err.cls == ERR_USAGE ? opt_usage_error(&os, &err) :
		    log_fatal(&err);
	if (run(&a, cmd, &err) == -1)
		a.status = (enum err_class)log_fatal(&err);
	ladder_release(&a.ladder);
	if (a.spool.fd != -1)
		spool_close(&a.spool);
	return (int)a.status;
}
