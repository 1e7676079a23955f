/* SPDX-License-Identifier: MPL-2.0 */
/*
 * node_list: every kind of expression, and every infix operator.
 *
 * Include it with NODE(NAME, member) defined for the kinds (member: which part of struct node's
 * union is meant, `none` for none), or OPERATOR(NAME, token, text, left power, right power) for the
 * operators that become a NODE_BINARY, tightest first. LANGUAGE section 2 is the power table.
 */
#ifdef NODE
NODE(ERROR, none) /* something that was reported; never reaches the evaluator */
NODE(NAME, name)  /* a variable; after scope_resolve `place` says which */
NODE(TRUE, none)  /* from scope_resolve on, `true` where it is not shadowed; and in patterns */
NODE(FALSE, none)
NODE(NULL, none)
NODE(INTEGER, integer)
NODE(FLOAT, number)
NODE(STRING, text) /* also characters */
NODE(PATH, text)   /* begins with "/", "./" or "../", or is ".." or "."; normalised unless it
		    * has holes */
NODE(ISLAND, island)
NODE(LIST, list)
NODE(SET, set)
NODE(BLOCK, block)
NODE(IF, branch)
NODE(LAMBDA, lambda)
NODE(CALL, call)
NODE(SELECT, select) /* base.path or fallback */
NODE(HAS, select)    /* base ? path */
NODE(NEGATE, operand)
NODE(NOT, operand)
NODE(BINARY, binary)
NODE(AT, at)         /* name @ value: the value, which can name itself */
NODE(SHARE, share)   /* x.{a, b}, x.[a, b], { x.{a, b}, }: one x for several selections */
NODE(SHARED, shared) /* the x of the NODE_SHARE around it */
#endif
#ifdef OPERATOR
OPERATOR(CONCAT, CONCAT, "++", 160, 165)
OPERATOR(POWER, POWER, "^", 155, 154)
OPERATOR(MULTIPLY, STAR, "*", 150, 155)
OPERATOR(DIVIDE, SLASH, "/", 150, 155)
OPERATOR(ADD, PLUS, "+", 130, 135)
OPERATOR(SUBTRACT, MINUS, "-", 130, 135)
OPERATOR(UPDATE, UPDATE, "//", 110, 115)
OPERATOR(LESS, LESS, "<", 100, 105)
OPERATOR(LESS_EQUAL, LESS_EQUAL, "<=", 100, 105)
OPERATOR(GREATER, GREATER, ">", 100, 105)
OPERATOR(GREATER_EQUAL, GREATER_EQUAL, ">=", 100, 105)
OPERATOR(CONS, COLON, ":", 95, 90)
OPERATOR(EQUAL, EQUAL, "==", 88, 89)
OPERATOR(NOT_EQUAL, NOT_EQUAL, "!=", 88, 89)
OPERATOR(AND, AND, "&&", 85, 80)
OPERATOR(OR, EITHER, "||", 75, 70)
OPERATOR(IMPLIES, IMPLIES, "->", 65, 60)
#endif
