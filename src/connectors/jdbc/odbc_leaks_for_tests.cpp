// What ODBC drivers keep for good when a connection of theirs ends is no leak of ours: the leak sanitizer passes over it. Test support.

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the sanitizer's name for it
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbcw.so\nleak:libmaodbc.so\nleak:libsqlite3odbc"; }
#endif
