#!/bin/sh
# like_lines.sh - where tests repeat themselves: the pairs of files that share a run of six or more
# like lines, and their number.
#
#   tests/support/like_lines.sh [-l] [FOLDER]      the folder tests/ of this tree, or another
#
# Two lines are like when they differ in names, numbers and strings only; with -l when they are the
# same to the letter but for white space.  Blank lines, comments, #include, lone punctuation and
# rows of tables are passed over.  A file makes a pair with itself where the run stands in it twice.
# Each line of the list names the first line of the longest run in both files, and its length.
set -eu

letter=0
if [ "${1-}" = -l ]; then letter=1 && shift; fi
cd "${1-$(dirname "$0")/..}"
find . -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.awk' \) | sort |
  sed 's|^\./||' | awk -v letter="$letter" -v LEAST=6 '

# What of a line is compared; nothing where it is passed over.
function reduced(s, bare, c)
{
    gsub(/\/\*([^*]|\*[^\/])*\*\//, "", s)
    if (in_comment) {
        if (!(c = index(s, "*/"))) return ""
        s = substr(s, c + 2)
        in_comment = 0
    }
    if ((c = index(s, "/*"))) {
        s = substr(s, 1, c - 1)
        in_comment = 1
    }
    if (s ~ /^[ \t]*(#[^a-z]|#$|#include|import |from )/) return ""
    gsub(/[ \t]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    bare = s
    gsub(/"([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)*'\''/, "0", bare)
    gsub(/[0-9.][0-9A-Za-z_.]*/, "0", bare)
    if (in_row || bare ~ /^[{]./) { # a row of a table, which may go over several lines
        in_row += gsub(/[{]/, "", bare) - gsub(/[}]/, "", bare)
        return ""
    }
    if (bare !~ /[A-Za-z_]/) return ""
    if (letter) return s
    gsub(/[A-Za-z_0-9]+/, "n", bare)
    return bare
}

function read_file(file, line, s, number, n)
{
    in_comment = in_row = number = 0
    for (n = first = used + 1; (getline line < file) > 0;) {
        number++
        if ((s = reduced(line)) == "") continue
        text[++used] = s
        where[used] = number
        of[used] = files
    }
    close(file)
    for (; n + LEAST - 1 <= used; n++) {
        s = text[n]
        for (line = 1; line < LEAST; line++) s = s "\n" text[n + line]
        places[s] = places[s] " " n
    }
}

# Lines a and b begin the same run: how long it is.
function length_of_run(a, b, n)
{
    for (n = LEAST; text[a + n] == text[b + n] && of[a + n] == of[a] && of[b + n] == of[b]; n++)
        if (of[a] == of[b] && a + n >= b) break
    return n
}

{ name[++files] = $0; read_file($0) }

END {
    for (s in places) {
        count = split(places[s], at, " ")
        for (i = 1; i < count; i++)
            for (j = i + 1; j <= count; j++) {
                if (of[at[i]] == of[at[j]] && at[j] - at[i] < LEAST) continue
                pair = of[at[i]] " " of[at[j]]
                n = length_of_run(at[i], at[j])
                if (n <= longest[pair]) continue
                if (!longest[pair]) pairs++
                longest[pair] = n
                row[pair] = name[of[at[i]]] ":" where[at[i]] " ~ " name[of[at[j]]] ":" where[at[j]]
            }
    }
    for (pair in row) print longest[pair] " lines: " row[pair] | "sort -k1,1nr -k3"
    close("sort -k1,1nr -k3")
    print pairs + 0 " pairs, " files " files"
}'
