/*
 * banned - names that do not compile here, force-included into every file.
 *
 * Each of them either has no bound, no error report, or hides a shell.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANNED(name)	banned_function_##name

#undef strcpy
#define strcpy(d, s)	BANNED(strcpy)
#undef strcat
#define strcat(d, s)	BANNED(strcat)
#undef strncpy
#define strncpy(d, s, n)	BANNED(strncpy)
#undef strncat
#define strncat(d, s, n)	BANNED(strncat)
#undef sprintf
#define sprintf(...)	BANNED(sprintf)
#undef vsprintf
#define vsprintf(...)	BANNED(vsprintf)
#undef strtok
#define strtok(s, d)	BANNED(strtok)
#undef atoi
#define atoi(s)		BANNED(atoi)
#undef atol
#define atol(s)		BANNED(atol)
#undef gets
#define gets(s)		BANNED(gets)
#undef system
#define system(s)	BANNED(system)
#undef popen
#define popen(c, m)	BANNED(popen)
#undef alloca
#define alloca(n)	BANNED(alloca)

#endif /* BASE_BANNED_H */
