"""Runs a command that ends together with its parent, even after a SIGKILL: `tether.py SIGNAL USER COMMAND...`.

Standard input is a pipe whose write end the parent holds and never uses. When the parent exits, the kernel closes it
and sends SIGNAL to the command. Unlike PR_SET_PDEATHSIG, this does not depend on the thread that started it. `-` as
USER is the current user.
"""

import fcntl
import os
import pwd
import select
import sys


def main(signal_number: int, user: str, command: list[str]) -> None:
    if user != "-":
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    lifeline = sys.stdin.fileno()
    if hasattr(fcntl, "F_SETSIG"):  # Linux only; elsewhere only an orderly stop ends the command
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal_number)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)
    gone, _, _ = select.select([lifeline], [], [], 0)
    if not gone:
        os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
