#include "lock_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "json.h"

static void text_of(JsonWriter *j, const char *key, const char *text) {
  json_key(j, key);
  json_str(j, text ? text : "");
}

int lock_text_write(const LockHolder *h, char *out, size_t size) {
  Arena a = {0};
  arena_init(&a);
  Str who = str_new(&a);
  JsonWriter j = json_writer(&who);
  text_of(&j, "host", h->host);
  text_of(&j, "user", h->user);
  text_of(&j, "job", h->job);
  text_of(&j, "boot", h->boot);
  text_of(&j, "token", h->token);
  const int n = snprintf(
      out, size,
      "{\"pid\": %lld, %s, \"locked\": %d, \"ended\": %d, \"beat\": %10lld, \"running\": %10lld, "
      "\"progress\": %10lld}\n",
      (long long)h->pid, str_text(&who), h->locked, h->ended, (long long)h->beat,
      (long long)h->running, (long long)h->progress);
  arena_free(&a);
  return n > 0 && (size_t)n < size ? n : -1;
}

static int64_t number(const JsonValue *v, const char *key) {
  const JsonValue *x = json_get(v, key);
  return x && x->type == JSON_INT ? x->integer : 0;
}

bool lock_text_read(Arena *a, const char *text, size_t n, LockHolder *out) {
  JsonValue *v;
  Err e = {0};
  if (n == 0 || json_parse(a, text, n, &v, &e) != OK || v->type != JSON_MAP) return false;
  *out = (LockHolder){.pid = number(v, "pid"),
                      .host = json_text(json_get(v, "host"), ""),
                      .user = json_text(json_get(v, "user"), ""),
                      .job = json_text(json_get(v, "job"), ""),
                      .boot = json_text(json_get(v, "boot"), ""),
                      .token = json_text(json_get(v, "token"), ""),
                      .locked = number(v, "locked") != 0,
                      .ended = number(v, "ended") != 0,
                      .beat = number(v, "beat"),
                      .running = number(v, "running"),
                      .progress = number(v, "progress")};
  return out->token[0] != '\0';
}

/* The numbers of statfs(2): ext2 to ext4, XFS, Btrfs, tmpfs, ramfs, overlayfs, ZFS, F2FS. */
bool lock_text_one_machine(int fd) {
  static const unsigned long kinds[] = {0xEF53,     0x58465342, 0x9123683E, 0x01021994,
                                        0x858458F6, 0x794C7630, 0x2FC12FC1, 0xF2F52010};
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0) return false;
  for (int i = 0; i < COUNT(kinds); i++) {
    if (((unsigned long)fs.f_type & 0xFFFFFFFF) == kinds[i]) return true;
  }
  return false;
}
