"""Runs a command in a terminal of its own, as `prisma migrate dev` wants one, and answers each question
that ends in (y/N) with the first argument. What the user saw goes to stdout, without colours and movements."""
import os, pty, re, select, sys, time

answer, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, answered, end = b"", 0, time.time() + 120
while time.time() < end:
    ready, _, _ = select.select([fd], [], [], 1)
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    # A prompt is drawn several times, but only ever asked about once.
    if answered < seen.count(b"(y/N)") and not ready:
        os.write(fd, answer.encode())
        answered = seen.count(b"(y/N)") + 9
_, status = os.waitpid(pid, 0)
text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]", "", seen.decode(errors="replace")).replace("\r", "")
sys.stdout.write(text)
sys.exit(os.waitstatus_to_exitcode(status))
