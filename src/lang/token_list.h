/* SPDX-License-Identifier: MPL-2.0 */
/*
 * token_list: every kind of token. Include it with TOKEN(NAME, text) defined; text is how a
 * diagnostic speaks of the token.
 */
TOKEN(END, "the end of the file")
TOKEN(ERROR, "an error") /* reported already */
TOKEN(NAME, "a name")
TOKEN(INTEGER, "a number")
TOKEN(FLOAT, "a number")
TOKEN(CHAR, "a character")

/* Text with holes: START { TEXT | HOLE_START block HOLE_END } END; the same for the four below. */
TOKEN(STRING_START, "a string")
TOKEN(STRING_END, "the end of a string")
TOKEN(QUOTED_START, "a quoted name")
TOKEN(QUOTED_END, "the end of a quoted name")
TOKEN(PATH_START, "a path") /* empty span */
TOKEN(PATH_END, "the end of a path")
/* "<" scheme [COLON reference] [CONFIG set] [SUBPATH text] ">" [path]; each part a run of TEXT and
 * holes. */
TOKEN(ISLAND_START, "an island")
TOKEN(ISLAND_COLON, "':'")
TOKEN(ISLAND_CONFIG, "':'")
TOKEN(ISLAND_SUBPATH, "':'")
TOKEN(ISLAND_END, "the end of an island")
TOKEN(TEXT, "text")
TOKEN(HOLE_START, "an interpolation")
TOKEN(HOLE_END, "the end of an interpolation")

TOKEN(IF, "'if'")
TOKEN(THEN, "'then'")
TOKEN(ELSE, "'else'")
TOKEN(OR, "'or'")

TOKEN(PAREN_OPEN, "'('")
TOKEN(PAREN_CLOSE, "')'")
TOKEN(BRACKET_OPEN, "'['")
TOKEN(BRACKET_CLOSE, "']'")
TOKEN(BRACE_OPEN, "'{'")
TOKEN(BRACE_CLOSE, "'}'")
TOKEN(COMMA, "','")
TOKEN(SEMICOLON, "';'")
TOKEN(DOT, "'.'")
TOKEN(ELLIPSIS, "'...'")
TOKEN(ASSIGN, "'='")
TOKEN(AT, "'@'")
TOKEN(QUESTION, "'?'")
TOKEN(BANG, "'!'")
TOKEN(ARROW, "'=>'")

TOKEN(CONCAT, "'++'")
TOKEN(POWER, "'^'")
TOKEN(STAR, "'*'")
TOKEN(SLASH, "'/'")
TOKEN(PLUS, "'+'")
TOKEN(MINUS, "'-'")
TOKEN(UPDATE, "'//'")
TOKEN(LESS, "'<'")
TOKEN(LESS_EQUAL, "'<='")
TOKEN(GREATER, "'>'")
TOKEN(GREATER_EQUAL, "'>='")
TOKEN(COLON, "':'")
TOKEN(EQUAL, "'=='")
TOKEN(NOT_EQUAL, "'!='")
TOKEN(AND, "'&&'")
TOKEN(EITHER, "'||'")
TOKEN(IMPLIES, "'->'")
TOKEN(PIPE_RIGHT, "'|>'")
TOKEN(PIPE_LEFT, "'<|'")
