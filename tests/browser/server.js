'use strict';

/*
 * A small origin for the tests of the page: the files below ROOT and PAGE and
 * /streams.json.  node server.js ROOT PAGE [PORT] prints its URL.
 */

const fs = require('fs');
const http = require('http');
const path = require('path');

const LIVE_MS = 4000;
const TYPES = {
	'.html': 'text/html; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.m3u8': 'application/vnd.apple.mpegurl',
	'.jpg': 'image/jpeg',
	'.mp4': 'video/mp4',
	'.vtt': 'text/vtt',
	'.m4s': 'video/iso.segment',
};

function newestPlaylistMs(dir) {
	let newest = 0;

	for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
		const file = path.join(dir, entry.name, 'live.m3u8');

		if (entry.isDirectory() && fs.existsSync(file))
			newest = Math.max(newest, fs.statSync(file).mtimeMs);
	}
	return newest;
}

function streams(root) {
	return fs.readdirSync(root)
	    .filter((name) => fs.existsSync(path.join(root, name, 'main.m3u8')))
	    .map((name) => {
		const age = Date.now() - newestPlaylistMs(path.join(root, name));

		return {
			name,
			live: age < LIVE_MS,
			age_ms: Math.round(age),
			url: `/${name}/main.m3u8`,
		};
	});
}

/* The contents of NAME in the first of DIRS that has it, or null. */
function find(dirs, name) {
	for (const dir of dirs) {
		const file = path.join(dir, path.normalize(`/${name}`));

		try {
			return fs.readFileSync(file);
		} catch (error) {
			continue;
		}
	}
	return null;
}

function answer(root, page, request, response) {
	const url = new URL(request.url, 'http://localhost');
	const name = url.pathname === '/' ? '/index.html' : url.pathname;
	const list = name === '/streams.json';
	const body = list ? JSON.stringify(streams(root)) :
	    find([root, page], name);

	response.writeHead(body === null ? 404 : 200, {
		'Content-Type': list ? 'application/json' :
		    TYPES[path.extname(name)] || 'application/octet-stream',
		'Cache-Control': 'no-cache',
	});
	response.end(body === null ? 'not found\n' : body);
}

/* Resolves to { url, close() }. */
function serve(root, page, port = 0) {
	const server = http.createServer((request, response) =>
	    answer(root, page, request, response));

	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(port, '127.0.0.1', () => resolve({
			url: `http://127.0.0.1:${server.address().port}/`,
			close() {
				server.close();
				server.closeAllConnections();
			},
		}));
	});
}

module.exports = { serve };

if (require.main === module)
	serve(process.argv[2], process.argv[3], Number(process.argv[4] || 0))
	    .then((server) => console.log(server.url));
