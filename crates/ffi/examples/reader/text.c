/* Hexadecimal digits, and the end when something makes no sense. */
#include "reader.h"

void fail(const char *what)
{
    fprintf(stderr, "line %lu: %s\n", line_number, what);
    exit(2);
}

void must(fg_status status, const char *what)
{
    if (status != FG_STATUS_OK) {
        fprintf(stderr, "line %lu: %s: status %d\n", line_number, what, (int)status);
        exit(2);
    }
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Reads hexadecimal digits; how many bytes they are, at most `size`. */
size_t from_hex(const char *text, uint8_t *bytes, size_t size)
{
    size_t count = 0;
    while (text[0] != '\0' && count < size) {
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            fail("expected hexadecimal digits");
        bytes[count++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (text[0] != '\0')
        fail("too many hexadecimal digits");
    return count;
}

void from_hex_exact(const char *text, uint8_t *bytes, size_t size)
{
    if (from_hex(text, bytes, size) != size)
        fail("too few hexadecimal digits");
}

void print_hex(FILE *out, const uint8_t *bytes, size_t count)
{
    while (count-- > 0)
        fprintf(out, "%02x", *bytes++);
}
