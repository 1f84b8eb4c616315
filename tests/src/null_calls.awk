# null_calls.awk - from the public headers: for each function a call in which one pointer is NULL.
#
# Each line of what it writes is NULL_CALL(name, pointers, (arguments)): bit i of pointers says that
# argument i is one; an argument reads OR_NULL(i, value) or VALUE, a macro of test_null.c that is
# called after the type ("const tg_tensor *": v_c_tg_tensor_p; "size_t": v_size_t), or after the
# name where text or a function is taken ("const char *path": v_text_path).

/^#/ || directive { directive = $0 ~ /\\$/; next }
{ text = text " " $0 }

END {
    n = split(strip(text), part, ";")
    for (i = 1; i <= n; i++) declaration(part[i])
}

# Without comments, directives, what stands in braces, and extern "C".
function strip(s,    out, i, c, depth, two) {
    while ((i = index(s, "/*")) > 0) {
        out = substr(s, i + 2)
        s = substr(s, 1, i - 1) " " substr(out, index(out, "*/") + 2)
    }
    gsub(/extern "C" \{/, " ", s)
    out = ""
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "{") depth++
        else if (c == "}") { if (depth > 0) depth-- }
        else if (depth == 0) out = out c
    }
    return out
}

function declaration(s,    name, args, i, c, depth, arg, k, list, pointers, bit) {
    gsub(/TG_PRINTF\([^)]*\)/, "", s)
    gsub(/[ \t]+/, " ", s)
    sub(/^ +/, "", s)
    if (s ~ /^(typedef|static|struct|enum)/ || s !~ /\(/ || s !~ /tg_[a-z0-9_]+ ?\(/) return
    name = s
    sub(/\(.*/, "", name)
    sub(/ +$/, "", name)
    sub(/.*[^A-Za-z0-9_]/, "", name)
    args = substr(s, index(s, "(") + 1)
    sub(/\) *$/, "", args)
    if (args == "void") args = ""
    k = pointers = 0
    bit = 1
    while (args != "") {
        depth = 0
        for (i = 1; i <= length(args); i++) {
            c = substr(args, i, 1)
            depth += (c == "(") - (c == ")")
            if (c == "," && depth == 0) break
        }
        arg = substr(args, 1, i - 1)
        args = substr(args, i + 1)
        gsub(/^ +| +$/, "", arg)
        if (arg == "...") continue
        list = list (k ? ", " : "") value(arg, k)
        if (is_pointer) pointers += bit
        bit *= 2
        k++
    }
    if (pointers > 0) printf "NULL_CALL(%s, %d, (%s))\n", name, pointers, list
}

# The macro of an argument; sets is_pointer.
function value(arg, k,    name, type, m) {
    is_pointer = arg ~ /[*\[]/
    name = arg
    if (name ~ /\(\*/) {
        sub(/.*\(\*/, "", name)
        sub(/\).*/, "", name)
        return "OR_NULL(" k ", v_function_" name ")"
    }
    sub(/ *\[.*/, "", name)
    type = name
    sub(/.*[^A-Za-z0-9_]/, "", name)
    sub(/[A-Za-z0-9_]+$/, "", type)
    if (arg ~ /\[/) type = type "*"
    if (type == "tg_tensor *" && name ~ /^(index|labels|rows|mask|condition)$/) m = "leaf_" name
    else if (type ~ /^const char \*$/ || type ~ /^void \*$/) m = (type ~ /char/ ? "text_" : "any_") name
    else {
        m = type
        gsub(/const/, "c", m)
        gsub(/\*/, " p", m)
        gsub(/struct /, "", m)
        gsub(/ +/, "_", m)
        sub(/_$/, "", m)
    }
    # options as their function makes them
    if (m ~ /^tg_[a-z0-9_]+_options$/ && !is_pointer) {
        type = m
        sub(/_options$/, "_defaults", type)
        if (index(text, " " type "(void);")) return type "()"
    }
    # callbacks have types of their own
    if (m ~ /^(tg_region|tg_hook|tg_function|tg_trial_fn)$/) is_pointer = 1
    return is_pointer ? "OR_NULL(" k ", v_" m ")" : "v_" m
}
