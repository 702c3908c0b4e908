// A program for the launcher's tests: says its process id, then runs until it is told to end. Exit code 7: SIGTERM; 8: the launcher is gone.
process.on("SIGTERM", () => process.exit(7));
process.on("disconnect", () => process.exit(8));
setInterval(() => {}, 60_000);
process.stdout.write(`${process.pid}\n`);
