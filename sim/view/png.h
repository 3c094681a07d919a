/* Pictures as PNG files. */
#ifndef DEMOMILL_SIM_VIEW_PNG_H
#define DEMOMILL_SIM_VIEW_PNG_H

#include "base/status.h"

/* Write rgb (height, width, 3), top row first. */
Status view_png_write(const char *path, int width, int height, const unsigned char *rgb, Err *err);

#endif
