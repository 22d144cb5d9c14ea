// kinesalite on a free port of loopback, which it prints. In a process of its own, for two reasons: under vitest's import
// conditions its parts get the wrong half of their dependencies, and a server should not wait for the test it serves.
import kinesalite from 'kinesalite';

const server = kinesalite({ createStreamMs: 5, deleteStreamMs: 5, updateStreamMs: 5, shardLimit: 1000 });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
// Whoever started it is gone.
process.stdin.on('end', () => process.exit()).resume();
