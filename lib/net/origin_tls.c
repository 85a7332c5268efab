#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/limits.h"
#include "net/origin_impl.h"

/* A server with what the files have. */
static struct MHD_Daemon *
start(struct origin *o, struct err *err)
{
	struct MHD_Daemon *d = NULL;
	struct buf cert, key;

	buf_init(&cert, LIMIT_HTTP_CERT_BYTES);
	buf_init(&key, LIMIT_HTTP_CERT_BYTES);
	if (file_slurp(AT_FDCWD, o->conf.cert, &cert, err) == -1 ||
	    file_slurp(AT_FDCWD, o->conf.key, &key, err) == -1)
		goto out;
	buf_put_u8(&cert, '\0');
	buf_put_u8(&key, '\0');
	if (buf_ok(&cert, err) == -1 || buf_ok(&key, err) == -1)
		goto out;
	d = origin_daemon(o, (char *)cert.p, (char *)key.p, err);
	if (d == NULL && err->cls == ERR_CONFIG)
		err_wrap(err, "cannot use '%s' with '%s'", o->conf.cert,
		    o->conf.key);
out:
	if (key.p != NULL)
		explicit_bzero(key.p, key.cap);
	buf_release(&key);
	buf_release(&cert);
	return d;
}

int
origin_tls_start(struct origin *o, struct err *err)
{
	o->daemons[1] = start(o, err);
	return o->daemons[1] == NULL ? -1 : 0;
}

/*
 * libmicrohttpd cannot change a certificate: another server takes what comes
 * from now on.  The viewers of the one before go to it after their next answer.
 */
int
origin_tls_reload(struct origin *o, struct err *err)
{
	struct MHD_Daemon *next;

	if (o->retired != NULL && MHD_get_daemon_info(o->retired,
	    MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections > 0)
		return err_set(err, ERR_AGAIN,
		    "the certificate before this one is still in use");
	if (o->retired != NULL)
		MHD_stop_daemon(o->retired);
	o->retired = NULL;
	if ((next = start(o, err)) == NULL)
		return -1;
	pthread_mutex_lock(&o->daemons_lock);
	o->retired = o->daemons[1];
	o->daemons[1] = next;
	pthread_mutex_unlock(&o->daemons_lock);
	conns_quiesce(o, true);
	return 0;
}
