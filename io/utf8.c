#include "utf8.h"

#include <string.h>

int utf8_next(const char *s, size_t left, uint32_t *code) {
  const unsigned char *p = (const unsigned char *)s;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  int n = p[0] < 0x80    ? 1
          : p[0] >= 0xF8 ? 0
          : p[0] >= 0xF0 ? 4
          : p[0] >= 0xE0 ? 3
          : p[0] >= 0xC0 ? 2
                         : 0;
  *code = UTF8_BAD;
  if (n == 0 || (size_t)n > left) return 1;
  uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
  for (int i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80) return 1;
    c = c << 6 | (p[i] & 0x3Fu);
  }
  if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 1;
  *code = c;
  return n;
}

int utf8_width(uint32_t c) {
  static const uint32_t none[][2] = {
      {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};
  static const uint32_t wide[][2] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                                     {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                     {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                     {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    if (c >= none[i][0] && c <= none[i][1]) return 0;
  }
  for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
    if (c >= wide[i][0] && c <= wide[i][1]) return 2;
  }
  return 1;
}

int utf8_columns(const char *text) {
  int columns = 0;
  size_t n = strlen(text);
  for (size_t at = 0; at < n;) {
    uint32_t code;
    at += (size_t)utf8_next(text + at, n - at, &code);
    columns += utf8_width(code);
  }
  return columns;
}

int utf8_break(const char *s, size_t left) {
  if (left == 0) return 0;
  if (s[0] == '\n') return 1;
  if (s[0] == '\r') return left > 1 && s[1] == '\n' ? 2 : 1;
  if (left >= 2 && memcmp(s, "\xC2\x85", 2) == 0) return 2;
  if (left >= 3 && (memcmp(s, "\xE2\x80\xA8", 3) == 0 || memcmp(s, "\xE2\x80\xA9", 3) == 0))
    return 3;
  return 0;
}

size_t utf8_line_end(const char *text, size_t n, size_t at) {
  while (at < n && utf8_break(text + at, n - at) == 0) at++;
  return at;
}
