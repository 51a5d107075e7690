"""Runs a command in a terminal of its own, as `prisma migrate dev` wants one, and answers each question
that ends in (y/N) with the first argument. What the user saw goes to stdout, without colours and movements."""
import os, pty, re, select, signal, sys, time

answer, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, asked, end = b"", 0, time.time() + 180
while True:
    ready, _, _ = select.select([fd], [], [], max(0, end - time.time()))
    if not ready:
        os.kill(pid, signal.SIGKILL)
        seen += b"\nterminal.py: it took three minutes, and was ended"
        break
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
    # Who asks listens before the question is drawn. What was answered is not looked at again.
    question = seen.find(b"(y/N)", asked)
    if question >= 0:
        os.write(fd, answer.encode())
        asked = len(seen)
_, status = os.waitpid(pid, 0)
text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]", "", seen.decode(errors="replace")).replace("\r", "")
sys.stdout.write(text)
sys.exit(os.waitstatus_to_exitcode(status))
