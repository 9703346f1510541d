/*
 * The starter: the first program of each container, and of each command in one. It reads the environment of what it starts from
 * its standard input, which no container engine shows or keeps, and becomes the program that its arguments name.
 *
 * The input is NAME=VALUE texts, each with a zero byte behind it. Each byte comes as two of the letters a to p, the higher half
 * first, since engines take some characters for keys that detach a client; a line feed ends it all. Variables that the engine has
 * given stay, unless the input has some of the same names.
 *
 * It uses no library, so it runs in every image. `npm run starter` compiles it.
 */
#include <asm/unistd.h>

/* No system has room for more: see MAX_ARG_STRLEN and `bprm_stack_limits` in fs/exec.c of Linux. */
enum { most_bytes = 8 << 20, most_variables = 1 << 17, longest_path = 4096 };
enum { at_working_folder = -100 };
enum { no_entry = 2, too_long = 7, no_format = 8, no_access = 13, no_folder = 20 };

static long system_call(long number, long a, long b, long c);

static char text[most_bytes];
static char *environment[most_variables + 1];
static long variables;
static char path[longest_path];

static long length(const char *of) {
  long count = 0;
  while (of[count]) count++;
  return count;
}

static void say(const char *what) { system_call(__NR_write, 2, (long)what, length(what)); }

static void end(const char *program, const char *why, int code) {
  say("volt: ");
  if (program) say("cannot start "), say(program), say(": ");
  say(why);
  say("\n");
  for (;;) system_call(__NR_exit, code, 0, 0);
}

/* Whether two variables have the same name. */
static int same_name(const char *one, const char *other) {
  while (*one && *one != '=' && *one == *other) one++, other++;
  return *one == *other;
}

static void add(char *variable) {
  if (variables == most_variables) end(0, "argument list too long", 126);
  environment[variables++] = variable;
}

static void read_environment(void) {
  static char chunk[65536];
  long bytes = 0, halves = 0, begin = 0;
  for (;;) {
    long got = system_call(__NR_read, 0, (long)chunk, sizeof chunk);
    if (got <= 0) end(0, "the environment of a command has not arrived", 125);
    for (long at = 0; at < got; at++) {
      if (chunk[at] == '\n') return;
      if (bytes == most_bytes) end(0, "argument list too long", 126);
      text[bytes] = (char)(text[bytes] << 4 | (chunk[at] - 'a'));
      if (++halves % 2) continue;
      if (!text[bytes++]) add(text + begin), begin = bytes;
    }
  }
}

static void keep_from_engine(char **given) {
  long own = variables;
  for (; *given; given++) {
    long at = 0;
    while (at < own && !same_name(environment[at], *given)) at++;
    if (at == own) add(*given);
  }
}

static void close_input(void) {
  long null = system_call(__NR_openat, at_working_folder, (long)"/dev/null", 0);
  system_call(__NR_dup3, null, 0, 0);
  system_call(__NR_close, null, 0, 0);
}

static long become(const char *program, char **arguments) {
  return -system_call(__NR_execve, (long)program, (long)arguments, (long)environment);
}

/* Looks for the program as the engine would: in absolute folders of PATH, unless its name has a slash. */
static long search(char **arguments) {
  const char *name = arguments[0], *folder = 0;
  for (const char *at = name; *at; at++)
    if (*at == '/') return become(name, arguments);
  for (long at = 0; at < variables; at++)
    if (same_name(environment[at], "PATH=")) folder = environment[at] + 5;
  long result = no_entry;
  while (*name && folder && *folder) {
    long size = 0, rest = length(name);
    while (folder[size] && folder[size] != ':') size++;
    if (*folder == '/' && size + rest + 2 <= longest_path) {
      for (long at = 0; at < size; at++) path[at] = folder[at];
      path[size] = '/';
      for (long at = 0; at <= rest; at++) path[size + 1 + at] = name[at];
      long error = become(path, arguments);
      if (error == no_access) result = error;
      else if (error != no_entry && error != no_folder) return error;
    }
    folder += size + (folder[size] == ':');
  }
  return result;
}

__attribute__((used)) static void start(long *stack) {
  char **arguments = (char **)(stack + 1);
  read_environment();
  keep_from_engine(arguments + stack[0] + 1);
  close_input();
  if (stack[0] < 2) end(0, "the image names no program, and no other is given", 127);
  long error = search(arguments + 1);
  if (error == no_entry || error == no_folder) end(arguments[1], "not found", 127);
  if (error == no_access) end(arguments[1], "permission denied", 126);
  if (error == no_format) end(arguments[1], "exec format error", 126);
  if (error == too_long) end(arguments[1], "argument list too long", 126);
  end(arguments[1], "the system refuses to", 126);
}

/* What differs between processors: see syscall(2), and the process's stack in their ELF supplements. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start");
static long system_call(long number, long a, long b, long c) {
  register long r10 __asm__("r10") = 0;
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return number;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl start");
static long system_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = 0;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#elif defined(__arm__)
__asm__(".globl _start\n_start: mov r0, sp\n bl start");
static long system_call(long number, long a, long b, long c) {
  register long r7 __asm__("r7") = number, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
  register long r3 __asm__("r3") = 0;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory");
  return r0;
}
#elif defined(__riscv)
__asm__(".globl _start\n_start: mv a0, sp\n call start");
static long system_call(long number, long a, long b, long c) {
  register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = 0;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
  return a0;
}
#elif defined(__powerpc64__)
__asm__(".globl _start\n_start: addis 2, 12, .TOC.-_start@ha\n addi 2, 2, .TOC.-_start@l\n mr 3, 1\n clrrdi 1, 1, 4\n"
        " li 0, 0\n stdu 0, -32(1)\n bl start\n nop");
static long system_call(long number, long a, long b, long c) {
  register long r0 __asm__("r0") = number, r3 __asm__("r3") = a, r4 __asm__("r4") = b, r5 __asm__("r5") = c;
  register long r6 __asm__("r6") = 0;
  __asm__ volatile("sc\n bns+ 1f\n neg %1, %1\n1:"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
                   :
                   : "cr0", "ctr", "memory", "r7", "r8", "r9", "r10", "r11", "r12");
  return r3;
}
#elif defined(__s390x__)
__asm__(".globl _start\n_start: lgr %r2, %r15\n aghi %r15, -160\n brasl %r14, start");
static long system_call(long number, long a, long b, long c) {
  register long r1 __asm__("r1") = number, r2 __asm__("r2") = a, r3 __asm__("r3") = b, r4 __asm__("r4") = c;
  register long r5 __asm__("r5") = 0;
  __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5) : "memory");
  return r2;
}
#endif
